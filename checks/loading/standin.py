"""Stand-ins: objects in the place of what is not there, which let a file be imported and fail once they are used.

While a file is loaded a stand-in may be called, indexed, subclassed and used as a decorator, and gives further
stand-ins. When a layer runs, it may still be passed around and asked about in `isinstance`, and nothing else: anything
that would need its value raises `StandInUsedError`, which names it.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from checks import record
from checks.errors import LayerError
from checks.loading.known import equivalent, is_transparent


class StandInUsedError(LayerError):
    """The user's code needs the value of something that a stand-in was put in the place of."""


@dataclass(frozen=True, slots=True)
class Absent:
    """What is not there: `name`, `why` that is (a clause), and what to do about it."""

    name: str
    why: str
    cure: str

    @property
    def fact(self) -> str:
        """`torch is not installed`."""
        return f"{self.name} {self.why}"


class StandIn:
    """One value that is not there; its attributes are stand-ins too."""

    def __init__(self, name: str, absent: Absent) -> None:
        self.__dict__["_name"] = name
        self.__dict__["_absent"] = absent

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("__", "_repr_", "_ipython_")):  # what Python and its tools ask of any object
            raise AttributeError(f"{self._name} has no {name}: {self._absent.fact}")
        dotted = f"{self._name}.{name}"
        known, value = equivalent(dotted)
        if not known and name.endswith(("Error", "Exception", "Warning")):
            value = type(name, (Exception,), {})  # to be caught, or to be derived from
        elif not known:
            value = StandIn(dotted, self._absent)
        self.__dict__[name] = value
        return value

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not record.importing():
            self._refuse("was called")
        if len(args) == 3 and isinstance(args[0], str) and isinstance(args[1], tuple) and isinstance(args[2], dict):
            return type(*args)  # as the metaclass of a class
        if args and _is_definition(args[0]):
            return self._handed_through(args[0])
        return StandIn(self._name, self._absent)

    def __getitem__(self, key: Any) -> Any:
        if not record.importing():
            self._refuse("was indexed")
        return StandIn(self._name, self._absent)

    def __setitem__(self, key: Any, value: Any) -> None:
        if not record.importing():
            self._refuse("was written into")

    def __or__(self, other: Any) -> Any:  # `torch.Tensor | None`
        if not record.importing():
            self._refuse("was computed with")
        return self

    __ror__ = __or__

    def __bool__(self) -> bool:
        if not record.importing():
            self._refuse("was asked whether it is true")
        return False

    def __enter__(self) -> Any:
        if not record.importing():
            self._refuse("was entered")
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (_base(self._name, self._absent),)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, _base(self._name, self._absent))

    def __subclasscheck__(self, cls: type) -> bool:
        return issubclass(cls, _base(self._name, self._absent))

    def __copy__(self) -> StandIn:
        return self

    def __deepcopy__(self, memo: Any) -> StandIn:
        return self

    def __reduce__(self) -> Any:
        return StandIn, (self._name, self._absent)

    def __repr__(self) -> str:
        return f"<stand-in for {self._name}>"

    def _refuse(self, how: str) -> Any:
        absent = self._absent
        if not record.importing():
            record.use(absent.fact, absent.cure)
        raise StandInUsedError(f"{self._name} {how}, but {absent.fact}; {absent.cure}")

    def _handed_through(self, thing: Any) -> Any:
        """What it decorates, unchanged. Unless the decorator is known to change no value, each use is told."""
        if is_transparent(self._name):
            return thing
        absent = self._absent
        if isinstance(thing, types.FunctionType):

            @functools.wraps(thing)
            def told(*args: Any, **kwargs: Any) -> Any:
                record.use(absent.fact, absent.cure)
                return thing(*args, **kwargs)

            return told
        if isinstance(thing, type):
            _DECORATED[thing] = absent
        return thing


class StandInBase:
    """A base class that is not there. Making an object of a class that derives from it is a use of it."""

    _absent: Absent

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        record.use(cls._absent.fact, cls._absent.cure)
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__()


_DECORATED: Final[dict[type, Absent]] = {}  # classes that went through a decorator that is not there


def tell_use(thing: Any) -> None:
    """Notes a use for a class that went through a decorator that is not there, or derives from such a class."""
    cls = thing if isinstance(thing, type) else type(thing)
    for base in cls.__mro__:
        if base in _DECORATED:
            record.use(_DECORATED[base].fact, _DECORATED[base].cure)


def module_in_place_of(name: str, absent: Absent) -> StandIn:
    """A stand-in for the module of that dotted name, or what is equivalent to it."""
    value = equivalent(name)[1]
    return StandIn(name, absent) if value is None else value


@functools.cache
def _base(name: str, absent: Absent) -> type:
    return type(name.rpartition(".")[2] or "Base", (StandInBase,), {"_absent": absent, "__module__": name})


def _is_definition(thing: Any) -> bool:
    """Whether it is what decorators are put on: a function, a method, a class of the user's."""
    if isinstance(thing, type):
        return thing.__module__ not in ("builtins", "numpy")
    return isinstance(thing, types.FunctionType | staticmethod | classmethod | property | functools.partial)


def _refusing(name: str, how: str) -> Callable[..., Any]:
    def method(self: StandIn, *args: Any, **kwargs: Any) -> Any:
        return self._refuse(how)

    method.__name__ = name
    return method


_ARITHMETIC: Final = "add sub mul truediv floordiv mod pow matmul and xor lshift rshift divmod"
_VALUE: Final = "neg pos abs invert lt le gt ge float int complex index round array array_ufunc array_function"
_COLLECTION: Final = "len iter next contains delitem reversed"
for _word in _ARITHMETIC.split():
    for _side in ("", "r", "i"):
        setattr(StandIn, f"__{_side}{_word}__", _refusing(f"__{_side}{_word}__", "was computed with"))
for _words, _how in ((_VALUE, "was computed with"), (_COLLECTION, "was taken for a collection")):
    for _word in _words.split():
        setattr(StandIn, f"__{_word}__", _refusing(f"__{_word}__", _how))
