# Style: image layers, im2col and naive loops, NCHW and NHWC, stride and pad, pooling, and the normalisations of images.
from typing import Optional, Tuple

import numpy as np


def im2col(x, fh, fw, stride=1, pad=0):
    N, C, H, W = x.shape
    oh = (H + 2 * pad - fh) // stride + 1
    ow = (W + 2 * pad - fw) // stride + 1
    img = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)], "constant")
    col = np.zeros((N, C, fh, fw, oh, ow))
    for y in range(fh):
        for z in range(fw):
            col[:, :, y, z, :, :] = img[:, :, y:y + stride * oh:stride, z:z + stride * ow:stride]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(N * oh * ow, -1)


def col2im(col, shape, fh, fw, stride=1, pad=0):
    N, C, H, W = shape
    oh = (H + 2 * pad - fh) // stride + 1
    ow = (W + 2 * pad - fw) // stride + 1
    col = col.reshape(N, oh, ow, C, fh, fw).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((N, C, H + 2 * pad + stride - 1, W + 2 * pad + stride - 1))
    for y in range(fh):
        for z in range(fw):
            img[:, :, y:y + stride * oh:stride, z:z + stride * ow:stride] += col[:, :, y, z, :, :]
    return img[:, :, pad:H + pad, pad:W + pad]


class Convolution:
    def __init__(self, W, b, stride=1, pad=0):
        self.W = W
        self.b = b
        self.stride = stride
        self.pad = pad
        self.x = None
        self.col = None
        self.col_W = None
        self.dW = None
        self.db = None

    def forward(self, x):
        FN, C, FH, FW = self.W.shape
        N, C, H, W = x.shape
        out_h = 1 + int((H + 2 * self.pad - FH) / self.stride)
        out_w = 1 + int((W + 2 * self.pad - FW) / self.stride)
        col = im2col(x, FH, FW, self.stride, self.pad)
        col_W = self.W.reshape(FN, -1).T
        out = np.dot(col, col_W) + self.b
        out = out.reshape(N, out_h, out_w, -1).transpose(0, 3, 1, 2)
        self.x = x
        self.col = col
        self.col_W = col_W
        return out

    def backward(self, dout):
        FN, C, FH, FW = self.W.shape
        dout = dout.transpose(0, 2, 3, 1).reshape(-1, FN)
        self.db = np.sum(dout, axis=0)
        self.dW = np.dot(self.col.T, dout)
        self.dW = self.dW.transpose(1, 0).reshape(FN, C, FH, FW)
        dcol = np.dot(dout, self.col_W.T)
        return col2im(dcol, self.x.shape, FH, FW, self.stride, self.pad)


class Pooling:
    def __init__(self, pool_h, pool_w, stride=1, pad=0):
        self.pool_h = pool_h
        self.pool_w = pool_w
        self.stride = stride
        self.pad = pad
        self.x = None
        self.arg_max = None

    def forward(self, x):
        N, C, H, W = x.shape
        out_h = int(1 + (H + 2 * self.pad - self.pool_h) / self.stride)
        out_w = int(1 + (W + 2 * self.pad - self.pool_w) / self.stride)
        col = im2col(x, self.pool_h, self.pool_w, self.stride, self.pad)
        col = col.reshape(-1, self.pool_h * self.pool_w)
        self.arg_max = np.argmax(col, axis=1)
        out = np.max(col, axis=1)
        self.x = x
        return out.reshape(N, out_h, out_w, C).transpose(0, 3, 1, 2)

    def backward(self, dout):
        dout = dout.transpose(0, 2, 3, 1)
        pool_size = self.pool_h * self.pool_w
        dmax = np.zeros((dout.size, pool_size))
        dmax[np.arange(self.arg_max.size), self.arg_max.flatten()] = dout.flatten()
        dmax = dmax.reshape(dout.shape + (pool_size,))
        dcol = dmax.reshape(dmax.shape[0] * dmax.shape[1] * dmax.shape[2], -1)
        return col2im(dcol, self.x.shape, self.pool_h, self.pool_w, self.stride, self.pad)


class Conv2D:
    """NHWC, naive, 'valid' or 'same' for stride 1."""

    def __init__(self, in_channels: int, filters: int, kernel_size: Tuple[int, int] = (3, 3), padding: str = "valid"):
        self.kernel = np.random.randn(kernel_size[0], kernel_size[1], in_channels, filters) * 0.2
        self.bias = np.zeros(filters)
        self.padding = padding
        self.kernel_grad: Optional[np.ndarray] = None
        self.bias_grad: Optional[np.ndarray] = None

    def _pad(self):
        if self.padding == "valid":
            return (0, 0), (0, 0)
        kh, kw = self.kernel.shape[:2]
        return ((kh - 1) // 2, kh // 2), ((kw - 1) // 2, kw // 2)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x_shape = x.shape
        ph, pw = self._pad()
        self.xp = np.pad(x, ((0, 0), ph, pw, (0, 0)))
        kh, kw = self.kernel.shape[:2]
        oh, ow = self.xp.shape[1] - kh + 1, self.xp.shape[2] - kw + 1
        out = np.zeros((x.shape[0], oh, ow, self.kernel.shape[3]))
        for i in range(oh):
            for j in range(ow):
                out[:, i, j] = np.tensordot(self.xp[:, i:i + kh, j:j + kw], self.kernel, axes=3)
        return out + self.bias

    def backward(self, d: np.ndarray) -> np.ndarray:
        kh, kw = self.kernel.shape[:2]
        gk = np.zeros_like(self.kernel)
        gx = np.zeros_like(self.xp)
        for i in range(d.shape[1]):
            for j in range(d.shape[2]):
                gk += np.tensordot(self.xp[:, i:i + kh, j:j + kw], d[:, i, j], axes=([0], [0]))
                gx[:, i:i + kh, j:j + kw] += np.tensordot(d[:, i, j], self.kernel, axes=([1], [3]))
        self.kernel_grad = gk
        self.bias_grad = d.sum(axis=(0, 1, 2))
        (a, _), (b, _) = self._pad()
        return gx[:, a:a + self.x_shape[1], b:b + self.x_shape[2]]


class DepthwiseConv:
    # one filter for every channel, NCHW
    def __init__(self, channels, k, stride=1, pad=0):
        self.w = np.random.randn(channels, k, k)
        self.b = np.random.randn(channels) * 0.1
        self.k, self.stride, self.pad = k, stride, pad

    def forward(self, x):
        k, s, p = self.k, self.stride, self.pad
        self.xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        self.hw = x.shape[2:]
        oh = (self.xp.shape[2] - k) // s + 1
        ow = (self.xp.shape[3] - k) // s + 1
        out = np.zeros(x.shape[:2] + (oh, ow))
        for i in range(k):
            for j in range(k):
                out += self.xp[:, :, i:i + s * oh:s, j:j + s * ow:s] * self.w[None, :, i, j, None, None]
        return out + self.b[None, :, None, None]

    def backward(self, dout):
        k, s, p = self.k, self.stride, self.pad
        oh, ow = dout.shape[2:]
        self.dw = np.zeros_like(self.w)
        dxp = np.zeros_like(self.xp)
        for i in range(k):
            for j in range(k):
                view = self.xp[:, :, i:i + s * oh:s, j:j + s * ow:s]
                self.dw[:, i, j] = (view * dout).sum(axis=(0, 2, 3))
                dxp[:, :, i:i + s * oh:s, j:j + s * ow:s] += dout * self.w[None, :, i, j, None, None]
        self.db = dout.sum(axis=(0, 2, 3))
        h, w = self.hw
        return dxp[:, :, p:p + h, p:p + w]


class Conv1x1:
    def __init__(self, c_in, c_out):
        self.params = {"W": np.random.randn(c_out, c_in), "b": np.zeros(c_out)}
        self.grads = {}

    def forward(self, x):
        self.x = x
        return np.einsum("nchw,fc->nfhw", x, self.params["W"]) + self.params["b"][:, None, None]

    def backward(self, dout):
        self.grads["W"] = np.einsum("nfhw,nchw->fc", dout, self.x)
        self.grads["b"] = dout.sum((0, 2, 3))
        return np.einsum("nfhw,fc->nchw", dout, self.params["W"])


class ConvTranspose2d:
    # stride s, no padding: every input pixel stamps the kernel
    def __init__(self, in_channels, out_channels, kernel_size=2, stride=2):
        self.weight = np.random.randn(in_channels, out_channels, kernel_size, kernel_size)
        self.bias = np.random.randn(out_channels)
        self.k, self.s = kernel_size, stride

    def forward(self, x):
        self.x = x
        n, c, h, w = x.shape
        k, s = self.k, self.s
        out = np.zeros((n, self.weight.shape[1], (h - 1) * s + k, (w - 1) * s + k))
        for i in range(h):
            for j in range(w):
                out[:, :, i * s:i * s + k, j * s:j * s + k] += np.tensordot(x[:, :, i, j], self.weight, axes=1)
        return out + self.bias.reshape(1, -1, 1, 1)

    def backward(self, dout):
        n, c, h, w = self.x.shape
        k, s = self.k, self.s
        dx = np.zeros_like(self.x)
        self.dweight = np.zeros_like(self.weight)
        for i in range(h):
            for j in range(w):
                g = dout[:, :, i * s:i * s + k, j * s:j * s + k]
                dx[:, :, i, j] = np.tensordot(g, self.weight, axes=([1, 2, 3], [1, 2, 3]))
                self.dweight += np.tensordot(self.x[:, :, i, j], g, axes=([0], [0]))
        self.dbias = dout.sum(axis=(0, 2, 3))
        return dx


class MaxPool2D:
    # NHWC, window = stride
    def __init__(self, size=2):
        self.size = size

    def forward(self, x):
        s = self.size
        n, h, w, c = x.shape
        assert h % s == 0 and w % s == 0, "height and width have to be multiples of the window"
        self.shape = x.shape
        windows = x.reshape(n, h // s, s, w // s, s, c).transpose(0, 1, 3, 5, 2, 4).reshape(n, h // s, w // s, c, s * s)
        self.arg = windows.argmax(-1)
        return windows.max(-1)

    def backward(self, d):
        s = self.size
        n, h, w, c = self.shape
        onehot = (np.arange(s * s) == self.arg[..., None]) * d[..., None]
        onehot = onehot.reshape(n, h // s, w // s, c, s, s).transpose(0, 1, 4, 2, 5, 3)
        return onehot.reshape(self.shape)


class AvgPool:
    def __init__(self, kernel=2, stride=None):
        self.kernel = kernel
        self.stride = stride or kernel

    def forward(self, x):
        k, s = self.kernel, self.stride
        self.x_shape = x.shape
        oh, ow = (x.shape[2] - k) // s + 1, (x.shape[3] - k) // s + 1
        out = np.zeros(x.shape[:2] + (oh, ow))
        for i in range(oh):
            for j in range(ow):
                out[:, :, i, j] = x[:, :, i * s:i * s + k, j * s:j * s + k].mean(axis=(2, 3))
        return out

    def backward(self, dout):
        k, s = self.kernel, self.stride
        dx = np.zeros(self.x_shape)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                dx[:, :, i * s:i * s + k, j * s:j * s + k] += dout[:, :, i, j][:, :, None, None] / k ** 2
        return dx


class GlobalMaxPool:
    def forward(self, x):
        self.shape = x.shape
        flat = x.reshape(x.shape[0], x.shape[1], -1)
        self.idx = flat.argmax(axis=2)
        return flat.max(axis=2)

    def backward(self, dout):
        n, c, h, w = self.shape
        d = np.zeros((n, c, h * w))
        np.put_along_axis(d, self.idx[:, :, None], dout[:, :, None], axis=2)
        return d.reshape(self.shape)


class UpSampling2D:
    """Nearest neighbour, NCHW"""

    def __init__(self, size=(2, 2)):
        self.size = size

    def forward_pass(self, X, training=True):
        self.prev_shape = X.shape
        return X.repeat(self.size[0], axis=2).repeat(self.size[1], axis=3)

    def backward_pass(self, accum_grad):
        n, c, h, w = self.prev_shape
        a, b = self.size
        return accum_grad.reshape(n, c, h, a, w, b).sum(axis=(3, 5))


class ZeroPadding2D:
    def __init__(self, padding=1):
        self.p = padding

    def forward_pass(self, X, training=True):
        p = self.p
        return np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)), mode="constant", constant_values=0)

    def backward_pass(self, accum_grad):
        p = self.p
        return accum_grad[:, :, p:accum_grad.shape[2] - p, p:accum_grad.shape[3] - p]


class SpatialBatchNorm:
    def __init__(self, channels, momentum=0.1, eps=1e-5):
        self.gamma = np.ones((1, channels, 1, 1))
        self.beta = np.zeros((1, channels, 1, 1))
        self.running_mean = np.zeros((1, channels, 1, 1))
        self.running_var = np.ones((1, channels, 1, 1))
        self.momentum, self.eps = momentum, eps

    def forward(self, x, training=True):
        self.training = training
        if training:
            mean = x.mean(axis=(0, 2, 3), keepdims=True)
            var = x.var(axis=(0, 2, 3), keepdims=True)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var
        else:
            mean, var = self.running_mean, self.running_var
        self.inv_std = 1.0 / np.sqrt(var + self.eps)
        self.x_hat = (x - mean) * self.inv_std
        return self.gamma * self.x_hat + self.beta

    def backward(self, dout):
        ax = (0, 2, 3)
        self.dgamma = (dout * self.x_hat).sum(axis=ax, keepdims=True)
        self.dbeta = dout.sum(axis=ax, keepdims=True)
        dxh = dout * self.gamma
        if not self.training:
            return dxh * self.inv_std
        m = dout.size / dout.shape[1]
        return self.inv_std / m * (m * dxh - dxh.sum(ax, keepdims=True) - self.x_hat * (dxh * self.x_hat).sum(ax, keepdims=True))


class InstanceNorm:
    def __init__(self, c):
        self.gamma, self.beta = np.ones(c), np.zeros(c)

    def forward(self, x):
        mu = x.mean((2, 3), keepdims=True)
        self.sigma = np.sqrt(x.var((2, 3), keepdims=True) + 1e-5)
        self.n = (x - mu) / self.sigma
        return self.n * self.gamma[:, None, None] + self.beta[:, None, None]

    def backward(self, dy):
        dgamma = np.einsum("nchw,nchw->c", dy, self.n)
        dbeta = np.einsum("nchw->c", dy)
        g = dy * self.gamma[:, None, None]
        dx = (g - g.mean((2, 3), keepdims=True) - self.n * (g * self.n).mean((2, 3), keepdims=True)) / self.sigma
        return dx, dgamma, dbeta


class GroupNorm:
    def __init__(self, num_groups, num_channels, eps=1e-5):
        assert num_channels % num_groups == 0
        self.G = num_groups
        self.weight = np.ones(num_channels)
        self.bias = np.zeros(num_channels)
        self.eps = eps

    def forward(self, x):
        n, c, h, w = x.shape
        g = x.reshape(n, self.G, -1)
        mean = g.mean(axis=2, keepdims=True)
        self.istd = 1 / np.sqrt(g.var(axis=2, keepdims=True) + self.eps)
        self.xh = (g - mean) * self.istd
        return self.xh.reshape(x.shape) * self.weight.reshape(1, c, 1, 1) + self.bias.reshape(1, c, 1, 1)

    def backward(self, dy):
        n, c, h, w = dy.shape
        xh4 = self.xh.reshape(dy.shape)
        self.grad_weight = (dy * xh4).sum(axis=(0, 2, 3))
        self.grad_bias = dy.sum(axis=(0, 2, 3))
        d = (dy * self.weight.reshape(1, c, 1, 1)).reshape(self.xh.shape)
        dx = self.istd * (d - d.mean(2, keepdims=True) - self.xh * (d * self.xh).mean(2, keepdims=True))
        return dx.reshape(dy.shape)
