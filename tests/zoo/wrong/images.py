"""Convolutions, pools and the like, each with one fault; FAULTS says which."""

# ruff: noqa: NPY002  (this is how they are written)

import numpy as np


def im2col(x, fh, fw, stride=1, pad=0):
    n, c, h, w = x.shape
    oh = (h + 2 * pad - fh) // stride + 1
    ow = (w + 2 * pad - fw) // stride + 1
    img = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    col = np.zeros((n, c, fh, fw, oh, ow))
    for i in range(fh):
        for j in range(fw):
            col[:, :, i, j] = img[:, :, i : i + stride * oh : stride, j : j + stride * ow : stride]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(n * oh * ow, -1)


def col2im(col, shape, fh, fw, stride=1, pad=0):
    n, c, h, w = shape
    oh = (h + 2 * pad - fh) // stride + 1
    ow = (w + 2 * pad - fw) // stride + 1
    col = col.reshape(n, oh, ow, c, fh, fw).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((n, c, h + 2 * pad, w + 2 * pad))
    for i in range(fh):
        for j in range(fw):
            img[:, :, i : i + stride * oh : stride, j : j + stride * ow : stride] += col[:, :, i, j]
    return img[:, :, pad : h + pad, pad : w + pad]


class Convolution:
    """im2col, with a col2im of its own."""

    def __init__(self, W, b, stride=1, pad=0):
        self.W, self.b = W, b
        self.stride, self.pad = stride, pad
        self.dW, self.db = None, None

    def forward(self, x):
        f, _, fh, fw = self.W.shape
        n, _, h, w = self.shape = x.shape
        oh = (h + 2 * self.pad - fh) // self.stride + 1
        ow = (w + 2 * self.pad - fw) // self.stride + 1
        self.col = im2col(x, fh, fw, self.stride, self.pad)
        out = self.col @ self.W.reshape(f, -1).T + self.b
        return out.reshape(n, oh, ow, f).transpose(0, 3, 1, 2)

    def fold(self, col, fh, fw):
        n, c, h, w = self.shape
        s, p = self.stride, self.pad
        oh, ow = (h + 2 * p - fh) // s + 1, (w + 2 * p - fw) // s + 1
        col = col.reshape(n, oh, ow, c, fh, fw).transpose(0, 3, 4, 5, 1, 2)
        img = np.zeros((n, c, h + 2 * p, w + 2 * p))
        for i in range(fh):
            for j in range(fw):
                img[:, :, i : i + s * oh : s, j : j + s * ow : s] = col[:, :, i, j]
        return img[:, :, p : h + p, p : w + p]

    def backward(self, dout):
        f, _, fh, fw = self.W.shape
        d = dout.transpose(0, 2, 3, 1).reshape(-1, f)
        self.db = d.sum(axis=0)
        self.dW = (self.col.T @ d).T.reshape(self.W.shape)
        return self.fold(d @ self.W.reshape(f, -1), fh, fw)


class Conv2D:
    """Loops over the output."""

    def __init__(self, in_channels, filters, size=3, stride=1, pad=1):
        self.params = {"W": np.random.randn(filters, in_channels, size, size) * 0.3, "b": np.random.randn(filters)}
        self.grads = {}
        self.size, self.stride, self.pad = size, stride, pad

    def forward(self, x):
        W, b = self.params["W"], self.params["b"]
        k, s, p = self.size, self.stride, self.pad
        n, _, h, w = x.shape
        self.x = x
        self.xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        oh, ow = (h + 2 * p - k) // s + 1, (w + 2 * p - k) // s + 1
        out = np.zeros((n, W.shape[0], oh, ow))
        for i in range(oh):
            for j in range(ow):
                patch = self.xp[:, :, i * s : i * s + k, j * s : j * s + k]
                out[:, :, i, j] = np.tensordot(patch, W, axes=([1, 2, 3], [1, 2, 3])) + b
        return out

    def backward(self, dout):
        W = self.params["W"]
        k, s = self.size, self.stride
        h, w = self.x.shape[2:]
        dxp, dW = np.zeros_like(self.xp), np.zeros_like(W)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                patch = self.xp[:, :, i * s : i * s + k, j * s : j * s + k]
                dW += np.tensordot(dout[:, :, i, j], patch, axes=(0, 0))
                dxp[:, :, i * s : i * s + k, j * s : j * s + k] += np.tensordot(dout[:, :, i, j], W, axes=(1, 0))
        self.grads["W"] = dW
        self.grads["b"] = dout.sum(axis=(0, 2, 3))
        return dxp[:, :, :h, :w]


class MyConv:
    def __init__(self, W, b, stride=2):
        self.W, self.b, self.stride = W, b, stride

    def forward(self, x):
        self.x = x
        s = self.stride
        _, _, kh, kw = self.W.shape
        oh, ow = (x.shape[2] - kh) // s + 1, (x.shape[3] - kw) // s + 1
        out = np.zeros((len(x), len(self.W), oh, ow))
        for i in range(oh):
            for j in range(ow):
                out[:, :, i, j] = np.einsum("ncij,fcij->nf", x[:, :, i * s : i * s + kh, j * s : j * s + kw], self.W)
        return out + self.b[None, :, None, None]

    def backward(self, dout):
        s = self.stride
        _, _, kh, kw = self.W.shape
        self.dW = np.zeros_like(self.W)
        self.db = np.sum(dout, axis=(0, 2, 3))
        dx = np.zeros_like(self.x)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                d = dout[:, :, i, j]
                self.dW += np.einsum("nf,ncij->fcij", d, self.x[:, :, i : i + kh, j : j + kw])
                dx[:, :, i * s : i * s + kh, j * s : j * s + kw] += np.einsum("nf,fcij->ncij", d, self.W)
        return dx


class ConvIm2col:
    """Weights as a matrix (c * k * k, filters)."""

    def __init__(self, channels, filters, k=2, stride=1, pad=1):
        self.W = np.random.randn(channels * k * k, filters)
        self.b = np.random.randn(filters)
        self.k, self.stride, self.pad = k, stride, pad
        self.grad_W = np.zeros_like(self.W)
        self.grad_b = np.zeros_like(self.b)

    def forward(self, x):
        n, _, h, w = self.shape = x.shape
        self.oh = (h + 2 * self.pad - self.k) // self.stride + 1
        self.ow = (w + 2 * self.pad - self.k) // self.stride + 1
        self.col = im2col(x, self.k, self.k, self.stride, self.pad)
        return (self.col @ self.W + self.b).reshape(n, self.oh, self.ow, -1).transpose(0, 3, 1, 2)

    def backward(self, dout):
        d = dout.reshape(-1, self.W.shape[1])
        self.grad_W = self.col.T @ d
        self.grad_b = dout.sum(axis=(0, 2, 3))
        d = dout.transpose(0, 2, 3, 1).reshape(-1, self.W.shape[1])
        return col2im(d @ self.W.T, self.shape, self.k, self.k, self.stride, self.pad)


class Conv1D:
    """(N, C, L), one stride, no padding."""

    def __init__(self, W, b):
        self.W, self.b = W, b
        self.dW = None
        self.db = None

    def forward(self, x):
        self.x = x
        k = self.W.shape[2]
        steps = x.shape[2] - k + 1
        out = np.zeros((len(x), len(self.W), steps))
        for t in range(steps):
            out[:, :, t] = np.tensordot(x[:, :, t : t + k], self.W, ([1, 2], [1, 2])) + self.b
        return out

    def backward(self, dout):
        k = self.W.shape[2]
        self.db = dout.sum(axis=(0, 2))
        self.dW = np.zeros_like(self.W)
        dx = np.zeros_like(self.x)
        for t in range(dout.shape[2]):
            self.dW += np.tensordot(dout[:, :, t], self.x[:, :, t : t + k], (0, 0))
            dx[:, :, t : t + k] += np.tensordot(dout[:, :, t], self.W[:, :, ::-1], (1, 0))
        return dx


class ConvNHWC:
    """Channels last; filters (k, k, c_in, c_out)."""

    def __init__(self, k, c_in, c_out):
        self.filters = np.random.randn(k, k, c_in, c_out)
        self.bias = np.random.randn(c_out)

    def forward(self, x):
        self.x = x
        k = self.filters.shape[0]
        n, h, w, _ = x.shape
        out = np.zeros((n, h - k + 1, w - k + 1, self.filters.shape[3]))
        for i in range(k):
            for j in range(k):
                out += x[:, i : i + h - k + 1, j : j + w - k + 1] @ self.filters[i, j]
        self.output = out + self.bias
        return self.output

    def backward(self, dout):
        k = self.filters.shape[0]
        _, h, w, _ = self.x.shape
        self.dfilters = np.zeros_like(self.filters)
        self.dbias = dout.sum(axis=(0, 1))[0]
        self.dx = np.zeros_like(self.x)
        for i in range(k):
            for j in range(k):
                window = self.x[:, i : i + h - k + 1, j : j + w - k + 1]
                self.dfilters[i, j] = np.einsum("nhwc,nhwf->cf", window, dout)
                self.dx[:, i : i + h - k + 1, j : j + w - k + 1] += dout @ self.filters[i, j].T
        return self.dx


class DepthwiseConv:
    """A filter a channel, same size."""

    def __init__(self, W):
        self.params = [W]
        self.grads = [np.zeros_like(W)]

    def forward(self, x):
        (W,) = self.params
        _, self.k, _ = W.shape
        self.p = self.k // 2
        self.xp = np.pad(x, ((0, 0), (0, 0), (self.p, self.p), (self.p, self.p)))
        _, _, self.h, self.w = x.shape
        out = np.zeros(x.shape)
        for i in range(self.k):
            for j in range(self.k):
                out += W[:, i, j][:, None, None] * self.xp[:, :, i : i + self.h, j : j + self.w]
        return out

    def backward(self, dout):
        (W,) = self.params
        h, w = self.h, self.w
        dW, dxp = np.zeros_like(W), np.zeros_like(self.xp)
        for i in range(self.k):
            for j in range(self.k):
                dW[:, i, j] = np.sum(dout * self.xp[:, :, i : i + h, j : j + w], axis=(0, 2, 3))
                dxp[:, :, i : i + h, j : j + w] += W[:, j, i][:, None, None] * dout
        self.grads[0][...] = dW
        return dxp[:, :, self.p : self.p + h, self.p : self.p + w]


class PointwiseConv:
    """1 x 1, NCHW."""

    def __init__(self, W, b):
        self.W, self.b = W, b
        self.dW, self.db = np.zeros_like(W), np.zeros_like(b)

    def forward(self, x):
        self.x = x
        return np.einsum("fc,nchw->nfhw", self.W, x) + self.b[:, None, None]

    def backward(self, dout):
        self.dW = np.einsum("nfhw,nchw->fc", dout, self.x)
        self.db = dout.sum(axis=(0, 2, 3)) / dout.shape[0]
        return np.einsum("fc,nfhw->nchw", self.W, dout)


class ConvTranspose:
    """W is (c_in, c_out, k, k)."""

    def __init__(self, c_in, c_out, k=3, stride=2):
        self.W = np.random.randn(c_in, c_out, k, k) * 0.4
        self.b = np.random.randn(c_out)
        self.stride = stride

    def forward(self, x):
        self.x = x
        s, k = self.stride, self.W.shape[2]
        n, _, h, w = x.shape
        out = np.zeros((n, self.W.shape[1], (h - 1) * s + k, (w - 1) * s + k))
        for i in range(h):
            for j in range(w):
                out[:, :, i * s : i * s + k, j * s : j * s + k] += np.tensordot(x[:, :, i, j], self.W, (1, 0))
        return out + self.b[:, None, None]

    def backward(self, dout):
        s, k = self.stride, self.W.shape[2]
        self.dW = np.zeros_like(self.W)
        self.db = dout.sum(axis=(0, 2, 3))
        dx = np.zeros_like(self.x)
        for i in range(self.x.shape[2]):
            for j in range(self.x.shape[3]):
                d = dout[:, :, i * s : i * s + k, j * s : j * s + k]
                self.dW = np.tensordot(self.x[:, :, i, j], d, (0, 0))
                dx[:, :, i, j] = np.tensordot(d, self.W, ([1, 2, 3], [1, 2, 3]))
        return dx


class AvgPool:
    def __init__(self, pool_h=2, pool_w=3):
        self.kh, self.kw = pool_h, pool_w

    def forward(self, x):
        n, c, h, w = self.shape = x.shape
        return x.reshape(n, c, h // self.kh, self.kh, w // self.kw, self.kw).mean(axis=(3, 5))

    def backward(self, dout):
        d = np.repeat(np.repeat(dout, self.kh, axis=2), self.kw, axis=3)
        return d / (self.kh * self.kh)


class AveragePooling:
    """Any stride."""

    def __init__(self, size=2, stride=2):
        self.size, self.stride = size, stride

    def forward(self, x):
        self.x_shape = x.shape
        k, s = self.size, self.stride
        oh, ow = (x.shape[2] - k) // s + 1, (x.shape[3] - k) // s + 1
        out = np.zeros(x.shape[:2] + (oh, ow))
        for i in range(oh):
            for j in range(ow):
                out[:, :, i, j] = x[:, :, i * s : i * s + k, j * s : j * s + k].mean(axis=(2, 3))
        return out

    def backward(self, dout):
        k, s = self.size, self.stride
        dx = np.zeros(self.x_shape)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                dx[:, :, i * s : i * s + k, j * s : j * s + k] = dout[:, :, i : i + 1, j : j + 1] / k**2
        return dx


class MaxPool:
    """The place of each maximum is kept as a number in its window."""

    def __init__(self, pool_h=2, pool_w=3, stride=2):
        self.kh, self.kw, self.stride = pool_h, pool_w, stride

    def forward(self, x):
        self.shape = x.shape
        n, c, h, w = x.shape
        s = self.stride
        oh, ow = (h - self.kh) // s + 1, (w - self.kw) // s + 1
        out, self.arg = np.zeros((n, c, oh, ow)), np.zeros((n, c, oh, ow), dtype=int)
        for i in range(oh):
            for j in range(ow):
                win = x[:, :, i * s : i * s + self.kh, j * s : j * s + self.kw].reshape(n, c, -1)
                self.arg[:, :, i, j] = win.argmax(axis=2)
                out[:, :, i, j] = win.max(axis=2)
        return out

    def backward(self, dout):
        dx = np.zeros(self.shape)
        n, c, oh, ow = dout.shape
        for a, b, i, j in np.ndindex(n, c, oh, ow):
            r, q = divmod(self.arg[a, b, i, j], self.kw)
            dx[a, b, i * self.stride + r, j * self.stride + q] = dout[a, b, i, j]
        return dx


class MaxPooling2D:
    """Windows side by side."""

    def __init__(self, size=2):
        self.size = size

    def forward(self, x):
        k = self.size
        n, c, h, w = x.shape
        self.windows = x.reshape(n, c, h // k, k, w // k, k)
        self.output = self.windows.max(axis=(3, 5))
        self.shape = x.shape
        return self.output

    def backward(self, dout):
        mask = self.windows >= self.output[:, :, :, None, :, None]
        d = mask * dout[:, :, :, None, :, None]
        return d.transpose(0, 1, 2, 4, 3, 5).reshape(self.shape)


class MaxPoolNHWC:
    def __init__(self, k=2):
        self.k = k

    def forward(self, x):
        n, h, w, c = self.shape = x.shape
        k = self.k
        col = x.reshape(n, h // k, k, w // k, k, c).transpose(0, 1, 3, 5, 2, 4).reshape(-1, k * k)
        self.arg = col.argmax(axis=1)
        return col.max(axis=1).reshape(n, h // k, w // k, c)

    def backward(self, dout):
        n, h, w, c = self.shape
        k = self.k
        col = np.zeros((dout.size, k * k))
        col[np.arange(dout.size), self.arg] = dout.mean()
        col = col.reshape(n, h // k, w // k, c, k, k)
        return col.transpose(0, 1, 4, 2, 5, 3).reshape(n, h, w, c)


class GlobalAvgPool:
    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=(2, 3))

    def backward(self, dout):
        return np.ones(self.shape) * dout[:, :, None, None]


class Upsample:
    """Nearest neighbour."""

    def __init__(self, scale=2):
        self.scale = scale

    def forward(self, x):
        return x.repeat(self.scale, axis=2).repeat(self.scale, axis=3)

    def backward(self, dout):
        return dout[:, :, :: self.scale, :: self.scale].copy()


class ZeroPad2D:
    def __init__(self, pad=1):
        self.pad = pad

    def forward(self, x):
        self.shape = x.shape
        p = self.pad
        return np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))

    def backward(self, dout):
        _, _, h, w = self.shape
        p = self.pad
        return dout[:, :, p : p + h, p - 1 : p - 1 + w] if p else dout.copy()


class ReflectPad:
    """One column on each side, mirrored; (N, L)."""

    def forward(self, x):
        return np.pad(x, ((0, 0), (1, 1)), mode="reflect")

    def backward(self, dout):
        dx = dout[:, 1:-1].copy()
        dx[:, 1] += dout[:, 0]
        return dx


class DepthToSpace:
    """Channels onto pixels, r * r to one."""

    def __init__(self, r=2):
        self.r = r

    def forward(self, x):
        n, c, h, w = self.shape = x.shape
        r = self.r
        return x.reshape(n, c // r**2, r, r, h, w).transpose(0, 1, 4, 2, 5, 3).reshape(n, c // r**2, h * r, w * r)

    def backward(self, dout):
        n, c, h, w = self.shape
        r = self.r
        return dout.reshape(n, c // r**2, h, r, w, r).transpose(0, 1, 5, 3, 2, 4).reshape(self.shape)


class SqueezeExcite:
    """Channels scaled by gates that come from their own means."""

    def __init__(self, W):
        self.W = W
        self.dW = np.zeros_like(W)

    def forward(self, x):
        self.x = x
        self.m = x.mean(axis=(2, 3))
        self.g = 0.5 * (1 + np.tanh(0.5 * (self.m @ self.W)))
        return x * self.g[:, :, None, None]

    def backward(self, dout):
        dg = (dout * self.x).sum(axis=(2, 3))
        dz = dg * self.g * (1 - self.g)
        self.dW = self.m.T @ dz
        return dout * self.g[:, :, None, None]


FAULTS = {
    "Convolution": "overwritten: = instead of += in col2im where windows overlap, x",
    "Conv2D": "off-by-one border: the padding is cut from the far sides (right for pad 0), x",
    "MyConv": "wrong-values: stride forgotten (right for stride 1), W",
    "ConvIm2col": "permuted: reshape without the transpose to channels last, W",
    "Conv1D": "permuted: kernel reversed, x",
    "ConvNHWC": "not-summed: only the first column of the images, bias",
    "DepthwiseConv": "transposed: kernel's rows and columns exchanged, x",
    "PointwiseConv": "factor: divided by the batch size, on b only",
    "ConvTranspose": "overwritten: = instead of += over positions, W",
    "AvgPool": "factor: kh * kh for kh * kw, x",
    "AveragePooling": "overwritten: = instead of += (right for stride >= size), x",
    "MaxPool": "overwritten: = instead of += where overlapping windows share their maximum, x",
    "MaxPooling2D": "permuted: transposed before the reshape, x",
    "MaxPoolNHWC": "wrong-values: the mean of the upstream everywhere, x",
    "GlobalAvgPool": "factor: 1 / (h * w) forgotten, x",
    "Upsample": "not-summed: one copy of each pixel, x",
    "ZeroPad2D": "off-by-one border: columns shifted (right for pad 0), x",
    "ReflectPad": "missing-term: the right border, x",
    "DepthToSpace": "permuted: the two factors exchanged, x",
    "SqueezeExcite": "missing-term: the gate's path, x",
}
