# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: nonecheck=False, binding=False, embedsignature=True, embedsignature.format=clinic
# cython: auto_pickle=False, always_allow_keywords=True
"""The compiled core: the classes of Axon.Task, RunQueue, Sinks and BoxMethods as C types.

The Python classes in those modules are the specification. Each class and method here does
exactly what the one of the same name does there, where it is documented. Axon.Core decides which
of the two a program uses, and Tests/Axon/test_bothCores.py compares them.

How does it work?
-----------------
The fields of a task, a sink and a component are C fields, so that the commonest calls need no
look-up of attributes. A queue is a `Ring`. Whatever runs rarely remains in Python: a sink is an
instance of a Python class that is derived from `Storage`, and a component one of a class that is
derived from `BoxMethods`.

This is one long module because its sections call each other for each message and each turn, and a
C compiler inlines such calls only within one module: Cython calls a function of another module
through a pointer. Each section begins with a heading that names its Python modules.

A crash of the interpreter is the worst fault. Code that may call a program (a look-up in a dict, a
destructor, a collection of garbage) holds its own references, and reads the fields again after
the call.
"""

cimport cython
from cpython.ref cimport PyObject, Py_INCREF, Py_DECREF
from cpython.weakref cimport PyWeakref_GetObject

import collections
import heapq
import math
import sys
import weakref

# Variables of C, which need no look-up.
cdef object deque = collections.deque
cdef object heapify = heapq.heapify, heappop = heapq.heappop, heappush = heapq.heappush
cdef object INFINITY = math.inf
cdef object ref = weakref.ref

cdef extern from "Python.h":
    PyObject *Py_None
    PyObject *PyDict_GetItemWithError(object, object) except? NULL
    dict PyDict_Copy(object)
    int PyDict_Next(object, Py_ssize_t *, PyObject **, PyObject **)
    PyObject *PyList_GET_ITEM(PyObject *, Py_ssize_t)
    Py_ssize_t PyList_GET_SIZE(PyObject *)
    void PyList_SET_ITEM(PyObject *, Py_ssize_t, PyObject *)
    PyObject *PyCFunction_GET_SELF(PyObject *)
    bint PyCFunction_CheckExact(PyObject *)
    bint PyGen_CheckExact(PyObject *)
    void Py_XDECREF(PyObject *)
    PyObject *newReference "Py_NewRef" (PyObject *)
    PyObject *newNumber "PyLong_FromSsize_t" (Py_ssize_t) except NULL
    int PyObject_IsTrue(object) except -1
    Py_ssize_t PyObject_Size(object) except -1

cdef extern from *:
    """
    #define AX_TYPE(o) ((PyObject *)Py_TYPE(o))

    /* Give a type the name of the class that it replaces. */
    static void ax_name(PyObject *type, const char *name) {
        ((PyTypeObject *)type)->tp_name = name;
    }

    /* Create instances as object.__new__ does, which alone gives them inline attributes
       (CPython 3.11 and 3.12). The first fields of the type are objects, and begin as None; the
       others begin as 0. The type has no virtual methods, so no field is a table of them. */
    static Py_ssize_t ax_fields = 0;
    static PyObject *ax_new(PyTypeObject *type, PyObject *args, PyObject *kw) {
        PyObject *none = PyTuple_New(0), *made;
        if (none == NULL) return NULL;
        made = PyBaseObject_Type.tp_new(type, none, NULL);
        Py_DECREF(none);
        if (made != NULL) {
            PyObject **field = (PyObject **)((char *)made + sizeof(PyObject));
            for (Py_ssize_t i = 0; i < ax_fields; i++) { Py_INCREF(Py_None); field[i] = Py_None; }
        }
        return made;
    }
    /* Create an instance as kind.__new__(kind) does, without a search for that method. */
    static PyObject *ax_create(PyObject *kind) {
        static PyObject *none = NULL;
        if (none == NULL && (none = PyTuple_New(0)) == NULL) return NULL;
        return ((PyTypeObject *)kind)->tp_new((PyTypeObject *)kind, none, NULL);
    }
    static int ax_renew(PyObject *type, Py_ssize_t fields, Py_ssize_t others) {
        PyTypeObject *t = (PyTypeObject *)type;
        Py_ssize_t size = sizeof(PyObject) + (fields + others) * sizeof(PyObject *);
        ax_fields = fields;
        t->tp_new = ax_new;
        if (t->tp_basicsize == size) return 0;
        PyErr_SetString(PyExc_SystemError, "a component has other fields than expected");
        return -1;
    }

    /* Return boxes[name], or NULL. Most names of boxes are literals, and the key is the same object.
       So compare it with the keys in the first two places, and in the place after the one where
       the last name was found, before a search by hash. */
    static Py_ssize_t ax_place = 0;
    static inline PyObject *ax_find(PyObject *boxes, PyObject *name) {
        PyObject *key, *value;
        Py_ssize_t at = 0;
        if (PyDict_Next(boxes, &at, &key, &value)) {
            if (key == name) return value;
            if (PyDict_Next(boxes, &at, &key, &value)) {
                if (key == name) { ax_place = at; return value; }
                at = ax_place;
                if (at > 1 && PyDict_Next(boxes, &at, &key, &value) && key == name) {
                    ax_place = at;
                    return value;
                }
            }
        }
        return PyDict_GetItemWithError(boxes, name);
    }

    /* A method of a C type whose Python subclasses call it often. A method descriptor looks for
       the type of its first argument among all base classes, and counts as a recursion. This
       object calls the C function `call`, which passes unusual arguments to the descriptor. */
    typedef struct { PyObject_HEAD vectorcallfunc call; PyObject *plain; } AxMethod;
    static PyObject *ax_bind(PyObject *self, PyObject *owner, PyObject *type) {
        if (owner == NULL || owner == Py_None) return Py_NewRef(((AxMethod *)self)->plain);
        return PyMethod_New(self, owner);
    }
    static PyObject *ax_attribute(PyObject *self, PyObject *name) {
        return PyObject_GetAttr(((AxMethod *)self)->plain, name);
    }
    static PyObject *ax_show(PyObject *self) { return PyObject_Repr(((AxMethod *)self)->plain); }
    static void ax_free(PyObject *self) {
        Py_XDECREF(((AxMethod *)self)->plain);
        PyObject_Free(self);
    }
    static PyTypeObject ax_methodType = {
        PyVarObject_HEAD_INIT(NULL, 0)
        .tp_name = "Axon.BoxMethods.method", .tp_basicsize = sizeof(AxMethod),
        .tp_dealloc = ax_free, .tp_repr = ax_show, .tp_call = PyVectorcall_Call,
        .tp_vectorcall_offset = offsetof(AxMethod, call), .tp_getattro = ax_attribute,
        .tp_descr_get = ax_bind,
        .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR,
    };
    static int ax_method(PyObject *type, const char *name, void *call) {
        PyTypeObject *t = (PyTypeObject *)type;
        PyObject *plain;
        AxMethod *made;
        int failed;
        if (PyType_Ready(&ax_methodType) < 0) return -1;
        plain = PyDict_GetItemString(t->tp_dict, name);
        made = PyObject_New(AxMethod, &ax_methodType);
        if (plain == NULL || made == NULL) return -1;
        made->call = (vectorcallfunc)call;
        made->plain = Py_NewRef(plain);
        failed = PyDict_SetItemString(t->tp_dict, name, (PyObject *)made);
        Py_DECREF(made);
        PyType_Modified(t);
        return failed;
    }
    static PyObject *ax_plain(PyObject *method, PyObject **args, size_t n, PyObject *names) {
        return PyObject_Vectorcall(((AxMethod *)method)->plain, args, n, names);
    }
    static inline int ax_derived(PyObject *object, PyObject *type) {
        PyTypeObject *kind = Py_TYPE(object);
        do { if ((PyObject *)kind == type) return 1; } while ((kind = kind->tp_base) != NULL);
        return 0;
    }
    /* Most methods of C types run only for instances of Python subclasses, which inherit tp_new. */
    static inline int ax_component(PyObject *object, PyObject *type) {
        return Py_TYPE(object)->tp_new == ax_new || ax_derived(object, type);
    }

    /* The version of a dict changes with each change of its contents, and no two dicts ever have
       the same version. Python 3.14 has none. */
    #if PY_VERSION_HEX < 0x030E0000 && !defined(Py_GIL_DISABLED)
        #define AX_VERSIONED(o) PyDict_CheckExact(o)
        #if defined(__GNUC__)
            #pragma GCC diagnostic ignored "-Wdeprecated-declarations"
        #endif
        #define AX_VERSION(o) (((PyDictObject *)(o))->ma_version_tag)
    #else
        #define AX_VERSIONED(o) 0
        #define AX_VERSION(o) 0
    #endif
    /* Return what the class of an object has by this name, or NULL. */
    #define ax_lookUp(object, name) _PyType_Lookup(Py_TYPE(object), name)
    #define ax_resume(gen, result) PyGen_Type.tp_as_async->am_send(gen, Py_None, result)
    """
    void ax_name(object, const char *)
    int ax_renew(object, Py_ssize_t, Py_ssize_t) except -1
    object newInstance "ax_create" (object)
    int ax_method(object, const char *, void *) except -1
    object ax_plain(PyObject *, PyObject **, size_t, PyObject *)
    bint ax_derived(PyObject *, PyObject *)
    bint ax_component(PyObject *, PyObject *)
    bint isVersioned "AX_VERSIONED" (PyObject *)
    unsigned long long versionOf "AX_VERSION" (PyObject *)
    size_t OFFSET_FREE "(~PY_VECTORCALL_ARGUMENTS_OFFSET)"
    PyObject *ax_find(object, object) except? NULL
    int ax_resume(PyObject *, PyObject **) except -1
    PyObject *typeOf "AX_TYPE" (PyObject *)
    PyObject *ofClass "ax_lookUp" (object, object)

#: Axon.Core compares it with its own, and does not use an extension of another version.
INTERFACE = 13

cdef enum:  # see Axon.RunQueue
    PAUSED = 0
    WAITING = 1
    WAITING_FOR_CHANGE = 2
    READY = 4
    RUNNING = 6
    HELD = 8
    HELD_WAITING = 9
    NEW = 10
    ENDED = 11
    PAUSE = 1
    WAIT = 2
    WAIT_FOR_CHANGE = 3
    HOLD = 4
    WOKEN = 8
    WISHES = 15
    REPORTED = 16
    FEEDERS_WOKEN = 32
    TAKEN = -1
    MOST = 0x3FFFFFFF  # the mask of the largest ring
    SMALL = 1024  # a ring of more places is released when it is empty

cdef object ONE = 1
cdef object UNSET = object()  # the value of an attribute that does not exist yet
cdef object ZERO = 0
cdef object INBOX = sys.intern("inbox")
cdef object OUTBOX = sys.intern("outbox")
cdef object CONTROL = sys.intern("control")


cdef object missing(object owner, str name):
    return AttributeError(
        f"{type(owner).__name__!r} object has no attribute {name!r}", name=name, obj=owner
    )


cdef inline bint inherits(object component, object name, object method):
    """Return whether a method of `component` is `method`, and not one of the program."""
    return ofClass(component, name) == <PyObject *>method


cdef inline object variable(object variables, object name):
    """Return a variable of a module, which a program may set."""
    cdef PyObject *found = PyDict_GetItemWithError(variables, name)
    if found == NULL:
        raise NameError(f"name {name!r} is not defined")
    return <object>found


# Queues


@cython.trashcan(True)
@cython.no_gc_clear  # the list is cleared, and the ring remains valid
cdef class Ring:
    """A queue with the methods of a deque: a list that is used in a circle."""

    cdef list _items
    cdef int _head, _n, _mask  # the list has _mask + 1 places, a power of 2
    cdef int _reported  # of Storage; here it takes no more memory

    def __cinit__(self, *args, **kw):
        self._mask = -1

    cdef int _reset(self) except -1:
        items, self._items = self._items, None
        self._head = self._n = 0
        self._mask = -1
        return 0

    cdef int _grow(self) except -1:
        """Make room for one more. To allocate may run a program, which may use this ring."""
        cdef Py_ssize_t places, i
        cdef list new
        if self._items is not None and PyList_GET_SIZE(<PyObject *>self._items) <= self._mask:
            self._reset()  # the garbage collector has cleared the list
        while self._n > self._mask:
            if self._mask >= MOST:
                raise MemoryError("too many messages in one inbox")
            places = 2 * (self._mask + 1) if self._mask >= 0 else 4
            new = [None] * places
            if self._n >= places or self._mask + 1 >= places:
                continue
            for i in range(self._n):
                new[i] = self._items[(self._head + i) & self._mask]
            self._head = 0
            self._mask = places - 1
            old, self._items = self._items, new
        return 0

    cdef inline int put(self, object item) except -1:
        cdef Py_ssize_t i
        if self._n > self._mask or PyList_GET_SIZE(<PyObject *>self._items) <= self._mask:
            self._grow()
        i = (self._head + self._n) & self._mask
        Py_INCREF(item)
        Py_DECREF(None)
        PyList_SET_ITEM(<PyObject *>self._items, i, <PyObject *>item)
        self._n += 1
        return 0

    cdef inline object take(self):
        """Return the oldest item. The caller has checked that there is one."""
        cdef PyObject *p
        if PyList_GET_SIZE(<PyObject *>self._items) <= self._mask:
            self._reset()
            raise IndexError("pop from an empty deque")
        p = PyList_GET_ITEM(<PyObject *>self._items, self._head)
        Py_INCREF(None)
        PyList_SET_ITEM(<PyObject *>self._items, self._head, Py_None)
        self._head = (self._head + 1) & self._mask
        self._n -= 1
        item = <object>p
        Py_DECREF(item)
        if self._n == 0 and self._mask >= SMALL:
            self._reset()
        return item

    cdef inline bint hasRoom(self) noexcept:
        """Return whether store() is possible."""
        return self._n <= self._mask and PyList_GET_SIZE(<PyObject *>self._items) > self._mask

    cdef inline void store(self, PyObject *item) noexcept:
        """Add an item. Nothing else runs meanwhile, unlike in put()."""
        cdef Py_ssize_t i = (self._head + self._n) & self._mask
        Py_DECREF(None)
        PyList_SET_ITEM(<PyObject *>self._items, i, newReference(item))
        self._n += 1

    cdef inline bint hasSpare(self) noexcept:
        """Return whether fetch() is possible."""
        if self._n == 0 or PyList_GET_SIZE(<PyObject *>self._items) <= self._mask:
            return False
        return self._n > 1 or self._mask < SMALL

    cdef inline PyObject *fetch(self) noexcept:
        """Return the oldest item and its reference. Nothing else runs meanwhile."""
        cdef PyObject *item = PyList_GET_ITEM(<PyObject *>self._items, self._head)
        PyList_SET_ITEM(<PyObject *>self._items, self._head, newReference(Py_None))
        self._head = (self._head + 1) & self._mask
        self._n -= 1
        return item

    cdef int admits(self, object item) except -1:
        """Raise TypeError if `item` has the wrong type."""
        return 0

    def append(self, message, /):
        self.admits(message)
        self.put(message)

    def popleft(self):
        if self._n == 0:
            raise IndexError("pop from an empty deque")
        return self.take()

    def extend(self, items, /):
        for item in list(items) if items is self else items:
            self.admits(item)
            self.put(item)

    def clear(self):
        self._reset()

    def __len__(self):
        return self._n

    def __bool__(self):
        return self._n != 0

    cdef Py_ssize_t _at(self, Py_ssize_t index) except -1:
        if index < 0:
            index += self._n
        if not 0 <= index < self._n or len(self._items) <= self._mask:
            raise IndexError("deque index out of range")
        return (self._head + index) & self._mask

    def __getitem__(self, Py_ssize_t index):
        index = self._at(index)
        return self._items[index]

    def __setitem__(self, Py_ssize_t index, value):
        self.admits(value)
        index = self._at(index)
        self._items[index] = value

    def __delitem__(self, Py_ssize_t index):
        self._at(index)  # raises IndexError
        if index < 0:
            index += self._n
        if index == 0:
            self.take()
            return
        items = self.asList()
        del items[index]
        self._replace(items)

    cdef list asList(self):
        cdef Py_ssize_t i, at
        cdef list made = []
        for i in range(self._n):
            at = self._at(i)
            made.append(self._items[at])
        return made

    cdef int _replace(self, items) except -1:
        self._reset()
        for item in items:
            self.put(item)
        return 0

    def __iter__(self):
        return RingIterator.__new__(RingIterator, self)

    def __reversed__(self):
        return reversed(self.asList())

    def __contains__(self, item):
        return item in self.asList()

    def __repr__(self):
        return f"{type(self).__name__}({self.asList()!r})"

    # The methods of a deque that only programs call, rarely

    cdef object _asDeque(self, str method, tuple arguments):
        items = deque(self.asList())
        result = getattr(items, method)(*arguments)
        self._replace(items)
        return result

    def appendleft(self, item, /):
        self.admits(item)
        self._asDeque("appendleft", (item,))

    def extendleft(self, items, /):
        items = list(items)
        for item in items:
            self.admits(item)
        self._asDeque("extendleft", (items,))

    def insert(self, index, item, /):
        self.admits(item)
        self._asDeque("insert", (index, item))

    def remove(self, item, /):
        self._asDeque("remove", (item,))

    def reverse(self):
        self._asDeque("reverse", ())

    def rotate(self, n=1, /):
        self._asDeque("rotate", (n,))

    def count(self, item, /):
        return self.asList().count(item)

    def index(self, item, *bounds):
        return deque(self.asList()).index(item, *bounds)

    @property
    def maxlen(self):
        return None


cdef class RingIterator:
    """The iterator over a ring; it does not survive changes of the ring, as that of a deque."""

    cdef Ring _ring
    cdef Py_ssize_t _next, _n, _head

    def __cinit__(self, Ring ring not None):
        self._ring = ring
        self._n = ring._n
        self._head = ring._head

    def __iter__(self):
        return self

    def __length_hint__(self):
        return self._n - self._next

    def __next__(self):
        cdef Ring ring = self._ring
        cdef Py_ssize_t at
        if ring is None:
            raise StopIteration
        if ring._n != self._n or ring._head != self._head:
            self._ring = None
            raise RuntimeError("deque mutated during iteration")
        if self._next >= self._n:
            self._ring = None
            raise StopIteration
        at = ring._at(self._next)
        self._next += 1
        return ring._items[at]


cdef class TaskRing(Ring):
    """The tasks that are ready."""

    cdef int admits(self, object item) except -1:
        if not isinstance(item, Task):
            raise TypeError(f"a run queue contains tasks, not {item!r}")
        return 0


# Turns: see Axon.RunQueue


@cython.trashcan(True)
cdef class Task:
    """The execution of one microprocess: its body, its state, and its wishes."""

    cdef public object _process, callers, watchers, gates, deadline
    cdef object _body, _resume, _foreignQueue
    cdef RunQueue _queue
    cdef bint _isGenerator  # _resume is the generator itself, and not a function
    cdef public int state, wish

    def __cinit__(self, *args, **kw):
        self._body = self._resume = UNSET
        self.state = NEW
        self.watchers = ()

    def __init__(self, process):
        self._process = process
        self.state = NEW
        self.wish = 0
        self.callers = self.gates = self.deadline = None
        self.watchers = ()

    @property
    def body(self):
        if self._body is UNSET:
            raise missing(self, "body")
        return self._body

    @body.setter
    def body(self, body):
        self._body = body

    @property
    def resume(self):
        if self._isGenerator:
            return self._resume.send
        if self._resume is UNSET:
            raise missing(self, "resume")
        return self._resume

    @resume.setter
    def resume(self, resume):
        cdef PyObject *function = <PyObject *>resume
        cdef PyObject *owner
        if PyCFunction_CheckExact(function):
            owner = PyCFunction_GET_SELF(function)
            if owner != NULL and PyGen_CheckExact(owner) and resume.__name__ == "send":
                self._isGenerator = False
                self._resume = <object>owner
                self._isGenerator = True
                return
        self._isGenerator = False
        self._resume = resume

    @property
    def queue(self):
        if self._queue is not None:
            return self._queue
        if self._foreignQueue is None:
            raise missing(self, "queue")
        return self._foreignQueue

    @queue.setter
    def queue(self, queue):
        if isinstance(queue, RunQueue):
            self._queue = queue
            self._foreignQueue = None
        else:
            self._queue = None
            self._foreignQueue = queue

    @property
    def process(self):
        process = self._process
        return process() if type(process) is ref else process

    def nameOfProcess(self):
        return str(getattr(self.process, "name", None))

    def releaseProcess(self):
        self._process = ref(self._process)

    cdef inline bint _isForeign(self):
        return self._foreignQueue is not None and self.state == NEW

    def isAlive(self):
        return self.state < NEW or self._isForeign()

    def hasEnded(self):
        return self.state == ENDED

    def isRunnable(self):
        if self._isForeign():
            return not self._foreignQueue.isPaused(self)
        return READY <= self.state <= RUNNING

    def isReady(self):
        return READY <= self.state < RUNNING

    def isPaused(self):
        return self.state < READY or HELD <= self.state <= NEW

    cdef inline int _makeReady(self) except -1:
        """Add this task, which sleeps, to its queue."""
        if self._queue is None:
            raise missing(self, "queue")
        self.state = self._queue.mark
        self._queue._push(self)
        return 0

    cdef inline int _wake(self) except -1:
        if self.state < READY:
            self._makeReady()
        elif self.state == RUNNING:
            self.wish |= WOKEN
        elif self._isForeign():
            self._foreignQueue.push(self)
        return 0

    def wake(self):
        self._wake()

    def wakeUnlessWaiting(self):
        if self.state != WAITING:
            self._wake()

    cdef int _messageArrived(self, bint isUrgent) except -1:
        if self.state == HELD_WAITING:
            self.state = HELD
        if self.state == HELD and isUrgent:
            self._force()
        else:
            self._wake()
        return 0

    def messageArrived(self, isUrgent):
        self._messageArrived(isUrgent)

    cdef int _force(self) except -1:
        if self.state == HELD or self.state == HELD_WAITING:
            self.queue.held.discard(self)
            self.state = PAUSED
        self._wake()
        return 0

    def force(self):
        self._force()

    def hold(self, gate):
        self._hold(gate)

    cdef int _hold(self, gate) except -1:
        if self.gates is None:
            self.gates = [gate]
        elif gate not in self.gates:
            self.gates.append(gate)
        if self.state >= READY:
            self.wish |= HOLD
        elif self.isHeldBack():
            self.queue.held.add(self)
            self.state = HELD
        return 0

    def isHeldBack(self):
        shut = [gate for gate in self.gates or () if gate.isShut()]
        self.gates = shut or None
        if not shut:
            return False
        for gate in shut:
            if leadsTo(self, gate.receiver):
                return False
        for gate in shut:
            gate.hold(self)
        return True

    cdef int _fallAsleep(self, int wish) except -1:
        cdef bint wasWoken = wish & WOKEN, isWaiting
        cdef int sleep = wish & 3
        if self._resume is halted:  # it was stopped within this turn
            self.state = PAUSED
            self._wake()
            return 0
        if wish & HOLD and self.isHeldBack():
            self.queue.held.add(self)
            isWaiting = sleep == WAIT and not wasWoken
            self.state = HELD_WAITING if isWaiting else HELD
            if isWaiting:
                self.wish = REPORTED
            return 0
        self.state = PAUSED
        if sleep == 0 or wasWoken:
            self._wake()
        else:
            self.state = sleep - 1
            if sleep == WAIT:
                self.wish = REPORTED
        return 0

    def fallAsleep(self, int wish):
        self._fallAsleep(wish)

    def removeGate(self, gate):
        if self.gates is not None and gate in self.gates:
            self.gates.remove(gate)
            self.release()

    def release(self):
        if self.state < HELD or self.state > HELD_WAITING or self.isHeldBack():
            return
        if self.state == HELD:
            self._force()
        else:
            self.queue.held.discard(self)
            self.state = WAITING

    def call(self, body):
        self.callers = (self.body, self.callers)
        self._body = body
        self.resume = body.send

    def returnToCaller(self, error):
        assert self.callers is not None
        self._body, self.callers = self.callers
        self.resume = self._body.send if error is None else self.thrower(error)
        self.state = PAUSED
        self._wake()

    def thrower(self, error):
        def throw(_):
            self.resume = self.body.send
            return self.body.throw(error)

        return throw


class EndOfRound(BaseException):
    """Raised at the end of the round in which RunQueue.stop() was called."""

    __module__ = "Axon.RunQueue"


@cython.no_gc_clear  # `ready` is always a ring
cdef class RunQueue:
    """RunQueue([handler]) -> gives turns to its tasks, in rounds.

    handler: reacts to ends, errors and requests of tasks.
    """

    cdef public object handler, held
    cdef readonly TaskRing ready
    cdef public list newcomers
    cdef public int mark
    cdef public bint isRunning, isStopping
    cdef public Py_ssize_t turns
    cdef bint _isRequested  # run() will be called, and need not be requested

    def __cinit__(self, *args, **kw):
        self.ready = TaskRing.__new__(TaskRing)
        self.newcomers = []
        self.mark = READY
        self.held = set()

    def __init__(self, handler=None):
        self.handler = handler

    def __bool__(self):
        return self.ready._n != 0 or bool(self.newcomers)

    cdef inline int _push(self, Task task) except -1:
        self.ready.put(task)
        if not self._isRequested:
            self._request()
        return 0

    cdef int _request(self) except -1:
        if self.handler is not None and self.handler.becameReady():
            self._isRequested = True
        return 0

    def push(self, Task task not None, /):
        self._push(task)

    def join(self, Task task not None):
        task._queue = self
        task.wish = 0
        task.state = self.mark
        newcomers = self.newcomers
        newcomers.append(task)
        if not self._isRequested and len(newcomers) == 1:
            self._request()

    def stop(self):
        self.isStopping = True
        self.newcomers.append(NO_TASK)
        if not self.isRunning and self.handler is not None:
            self.handler.becameReady()

    def clear(self):
        self.ready.clear()
        self.newcomers.clear()
        self.isStopping = False

    def admit(self, int mark):
        cdef Task task
        newcomers, self.newcomers = self.newcomers, []
        if self.isStopping:
            raise EndOfRound
        for task in newcomers:
            if task.state < NEW:
                task.state = mark
                self.ready.put(task)

    def nextTask(self):
        cdef Task task
        for task in self.ready:
            if task.state < RUNNING:
                return task
        for task in self.newcomers:
            if task.state < NEW:
                return task
        return None

    def run(self, Py_ssize_t turns):
        cdef TaskRing ready = self.ready
        cdef Task task = NO_TASK
        cdef int current = self.mark ^ 1
        cdef int wish, how
        cdef Py_ssize_t given = turns
        cdef PyObject *result
        handler = self.handler
        assert handler is not None
        self._isRequested = self.isRunning = True
        SEARCHED.clear()
        try:
            while True:
                try:
                    while turns > 0:
                        turns -= 1
                        if ready._n == 0:
                            given -= 1
                            if not self.newcomers:
                                return False
                            self.admit(self.mark)
                            continue
                        task = <Task>ready.take()
                        if task.state != current:
                            if task.state > RUNNING:
                                given -= 1
                                continue
                            current = task.state
                            self.mark = current ^ 1
                            if self.newcomers:
                                self.admit(current)
                        task.state = RUNNING
                        resume = task._resume
                        if task._isGenerator:
                            result = NULL
                            how = ax_resume(<PyObject *>resume, &result)
                            if how == 0:
                                Py_XDECREF(result)
                                if type(handler) is LIFECYCLE:
                                    endTask(handler, task)
                                else:
                                    handler.taskEnded(task)
                                continue
                            request = <object>result
                            Py_XDECREF(result)
                        elif resume is UNSET:
                            raise missing(task, "resume")
                        else:
                            request = resume(None)
                        if request is not ONE:
                            handler.taskRequested(task, request)
                        wish = task.wish
                        if not wish:
                            task.state = self.mark
                            ready.put(task)
                        else:
                            task.wish = REPORTED if wish == WAIT else 0
                            if wish < HOLD:
                                task.state = wish - 1
                            elif wish == REPORTED:
                                task.state = self.mark
                                ready.put(task)
                            else:
                                task._fallAsleep(wish & WISHES)
                    return self.__bool__()
                except StopIteration:
                    handler.taskEnded(task)
                except EndOfRound:
                    raise
                except BaseException as error:
                    handler.taskFailed(task, error)
        finally:
            self._isRequested = self.isRunning = False
            self.turns += given - turns
            SEARCHED.clear()


cdef bint leadsTo(Task task, object receiver) except -1:
    """Return whether `receiver` waits for `task`, directly or through other held tasks."""
    seen = set()
    pending = [receiver]
    while pending:
        other = pending.pop()
        if other is task:
            return True
        if other not in seen and HELD <= other.state <= HELD_WAITING:
            seen.add(other)
            pending += [gate.receiver for gate in other.gates or ()]
    return False


NO_TASK = Task(None)
(<Task>NO_TASK).state = READY


# Messages: see Axon.Sinks and Axon.BoxMethods


cdef class Storage(Ring):
    """The fields and the storage of an inbox.

    A collection with one object is that object itself, which saves a tuple.
    """

    cdef public object task, boxname, target, feeder, size, capacity, waiting
    cdef object _sources  # None, one source, or a dict of many
    cdef dict _feeders  # if `feeder` is None
    cdef object _late
    cdef public object ends
    cdef object __weakref__

    def __init__(self, task=None, boxname="inbox"):
        self._begin(NO_WAKE if task is None else task, boxname)

    cdef int _begin(self, task, boxname) except -1:
        self.task = task
        self.boxname = boxname
        self.waiting = ()
        self.feeder = NO_WAKE
        self._feeders = None
        self._sources = self.target = self.size = self.capacity = self.ends = None
        self._reported = 0
        return 0

    @property
    def sources(self):
        return asCollection(self._sources)

    @sources.setter
    def sources(self, sources):
        self._sources = asField(sources)

    @property
    def reported(self):
        return self._reported

    @reported.setter
    def reported(self, int reported):
        self._reported = reported

    @property
    def feeders(self):
        if self.feeder is NO_WAKE:
            return ()
        return (self.feeder,) if self.feeder is not None else self._feeders

    @property
    def late(self):
        if self._late is None:
            raise missing(self, "late")
        return self._late

    @late.setter
    def late(self, late):
        self._late = late

    cdef int _addFeeder(self, task) except -1:
        if self.feeder is NO_WAKE:
            self.feeder = task
            return 0
        if self.feeder is not None:
            self._feeders = {self.feeder: 1}
            self.feeder = None
        self._feeders[task] = self._feeders.get(task, 0) + 1
        SEARCHED.discard(<Py_ssize_t><PyObject *>self)
        return 0

    def addFeeder(self, task):
        self._addFeeder(task)

    cdef int _removeFeeder(self, task) except -1:
        if self.feeder is not None:
            self.feeder = NO_WAKE
            return 0
        count = self._feeders[task] - 1
        if count:
            self._feeders[task] = count
            return 0
        del self._feeders[task]
        if not self._feeders:
            self._feeders = None
            self.feeder = NO_WAKE
        return 0

    def removeFeeder(self, task):
        self._removeFeeder(task)

    cdef int _wakeFeeders(self) except -1:
        owner = self.task
        key = <Py_ssize_t><PyObject *>self
        if owner.state == RUNNING:
            if not owner.wish & FEEDERS_WOKEN:
                owner.wish |= FEEDERS_WOKEN
                SEARCHED.clear()
            elif key in SEARCHED:
                return 0
            SEARCHED.add(key)
        for task in self.feeders:
            if not task.state:
                task.wake()
        return 0

    def wakeFeeders(self):
        self._wakeFeeders()

    def hasNews(self):
        return self._n > 0 and self._n != self._reported

    def noteReport(self):
        self._reported = self._n

    def open(self):
        waiting, self.waiting = self.waiting, ()
        for task in waiting:
            task.release()

    def closeDown(self, late):
        self._closeDown(late)

    cdef int _closeDown(self, late) except -1:
        self._late = late
        self.__class__ = ENDED_SINK
        if self.waiting:
            self.open()
        return 0

    def leadTo(self, sink):
        if sink is self:
            self.ends = None
            return
        self.ends = sink
        if self.capacity is not None and (sink.capacity is None or self.capacity < sink.capacity):
            sink.setCapacity(self.capacity)
        if self._n == 0:
            return
        sink.extend(self)
        self.clear()
        self._reported = 0
        self.open()
        sink.task.messageArrived(sink.isUrgent)

    def addsource(self, newsource):
        join(self, newsource)

    def removesource(self, oldsource):
        part(self, oldsource)

    def end(self):
        return endOf(self)

    def lastBox(self):
        return lastBox(self)

    def resolve(self):
        resolve(self)


# Linkages: see Axon.Postbox


cdef class PlaceFields:
    """The fields of a place among the linkages that stores no messages."""

    cdef public object boxname, target
    cdef object _sources  # None, one source, or a dict of many

    ends = None

    @property
    def sources(self):
        return asCollection(self._sources)

    @sources.setter
    def sources(self, sources):
        self._sources = asField(sources)

    def addsource(self, newsource):
        join(self, newsource)

    def removesource(self, oldsource):
        part(self, oldsource)

    def end(self):
        return endOf(self)

    def lastBox(self):
        return lastBox(self)

    def resolve(self):
        resolve(self)


cdef class OutboxFields(PlaceFields):
    """The fields of the place of an outbox among the linkages."""

    cdef public object component

    def __init__(self, component, boxname):
        self.component = component
        self.boxname = boxname
        self._sources = self.target = None

    def leadTo(self, sink):
        leadOutbox(self, sink)


# Direct sinks: see Axon.DirectSinks


cdef class DirectFields(PlaceFields):
    """The fields of a direct sink, and what changes them."""

    cdef public object append, owner, reported
    cdef object _feeders  # None, one object, or a dict of many
    cdef object __weakref__

    def __init__(self, task, boxname, take):
        self._begin(task, boxname, take)

    cdef int _begin(self, task, boxname, take) except -1:
        self.append = take
        self.owner, self.boxname = task, boxname
        self._sources = self._feeders = self.target = None
        self.reported = ZERO
        return 0

    @property
    def feeders(self):
        return asCollection(self._feeders)

    @feeders.setter
    def feeders(self, feeders):
        self._feeders = asField(feeders)

    def setTake(self, take):
        self.append = take

    def addFeeder(self, task):
        self._feeders = withSource(self._feeders, task)

    def removeFeeder(self, task):
        self._feeders = withoutSource(self._feeders, task)


cdef PyObject *DIRECT = NULL  # Axon.DirectSinks.directsink


def provideDirectSinks(kind):
    """Use this class of Axon.DirectSinks."""
    global DIRECT
    Py_INCREF(kind)
    DIRECT = <PyObject *>kind


cdef inline object asCollection(object field):
    """Return the collection that a field represents, as Axon.Multiset does."""
    if field is None:
        return ()
    return field if type(field) is dict else (field,)


cdef object asField(object collection):
    if type(collection) is dict:
        return collection
    if len(collection) > 1:
        return dict.fromkeys(collection, 1)
    return collection[0] if collection else None


cdef inline object withSource(object field, object box):
    if field is None:
        return box
    cdef dict several = <dict>field if type(field) is dict else {field: 1}
    several[box] = several.get(box, 0) + 1
    return several


cdef inline object withoutSource(object field, object box):
    cdef dict several
    if type(field) is not dict:
        return None
    several = <dict>field
    count = several[box] - 1
    if count:
        several[box] = count
        return several
    del several[box]
    return several or None


cdef inline object nameOf(object place):
    """Return the name of the box whose place it is."""
    return (<PlaceFields>place).boxname if isinstance(place, PlaceFields) else place.boxname


cdef inline object targetOf(object box):
    if isinstance(box, PlaceFields):
        return (<PlaceFields>box).target
    return (<Storage>box).target if isinstance(box, Storage) else box.target


cdef inline int setTarget(object box, object target) except -1:
    if isinstance(box, PlaceFields):
        (<PlaceFields>box).target = target
    elif isinstance(box, Storage):
        (<Storage>box).target = target
    else:
        box.target = target
    return 0


cdef inline int setSources(object box, object sources) except -1:
    """Set the sources of a box: a field."""
    if isinstance(box, Storage):
        (<Storage>box)._sources = sources
    else:
        (<PlaceFields?>box)._sources = sources
    return 0


cdef inline object sourcesOf(object box):
    """Return the sources of a box as a field: None if there are none."""
    if isinstance(box, PlaceFields):
        return (<PlaceFields>box)._sources
    return (<Storage>box)._sources if isinstance(box, Storage) else asField(box.sources)


cdef inline bint isInbox(object box) except -1:
    if isinstance(box, OutboxFields):
        return False
    if isinstance(box, Storage) or isinstance(box, DirectFields):
        return True
    return bool(box.isInbox)


cdef inline bint isOurs(object box) noexcept:
    """Return whether join() and part() accept a box as the sink."""
    return isinstance(box, Storage) or isinstance(box, PlaceFields)


cdef inline int partFrom(object box, object source) except -1:
    """Call box.removesource(source)."""
    if isOurs(box):
        part(box, source)
    else:
        box.removesource(source)
    return 0


cdef object lastBox(object box):
    target = targetOf(box)
    while target is not None:
        if isinstance(box, Storage) and (<Storage>box).ends is not None:
            target = (<Storage>box).ends
        box = target
        target = targetOf(box)
    return box


cdef object endOf(object box):
    box = lastBox(box)
    return box if isInbox(box) else NULL_SINK


cdef int resolve(object box) except -1:
    target = targetOf(box)
    sink = endOf(box if target is None else target)
    cdef list pending = [box]
    while pending:
        box = pending.pop()
        sources = sourcesOf(box)
        if type(sources) is dict:
            pending += sources
        elif sources is not None:
            pending.append(sources)
        if isinstance(box, OutboxFields):
            leadOutbox(<OutboxFields>box, sink)
        else:
            box.leadTo(sink)
    return 0


cdef int join(object box, object source) except -1:
    """Lead `source` to `box` from now on: addsource()."""
    if targetOf(source) is not None or targetOf(box) is not None or source is box:
        box.checkSource(source)
    setTarget(source, box)
    setSources(box, withSource(sourcesOf(box), source))
    if isInbox(box) and targetOf(box) is None and sourcesOf(source) is None:
        if isinstance(source, OutboxFields):
            leadOutbox(<OutboxFields>source, box)
        else:
            source.leadTo(box)
    else:
        source.resolve()
    for observer in variable(POSTBOX, OBSERVERS):
        observer.linked(source, box)
    return 0


cdef int part(object box, object source) except -1:
    """Lead `source` to `box` no longer: removesource()."""
    if targetOf(source) is not box:
        return 0
    setSources(box, withoutSource(sourcesOf(box), source))
    setTarget(source, None)
    if isInbox(source) or sourcesOf(source) is not None:
        source.resolve()
    elif isinstance(source, OutboxFields):
        leadOutbox(<OutboxFields>source, NULL_SINK)
    else:
        source.leadTo(NULL_SINK)
    for observer in variable(POSTBOX, OBSERVERS):
        observer.unlinked(source, box)
    return 0


cdef int leadOutbox(OutboxFields place, object sink) except -1:
    """Let the messages of an outbox end in `sink` from now on."""
    cdef PyObject *found
    component = place.component
    if isinstance(component, BoxMethods):
        boxes = (<BoxMethods>component)._outboxesOrNone
        task = (<BoxMethods>component)._taskOrNone
    else:
        boxes, task = component.outboxes, component.getTask()
    if boxes is None or task is None:
        raise missing(component, "outboxes")
    if type(boxes) is dict:
        found = PyDict_GetItemWithError(boxes, place.boxname)
        before = NULL_SINK if found == NULL else <object>found
    else:
        before = boxes.get(place.boxname, NULL_SINK)
    if before is sink:
        return 0
    if before is not NULL_SINK:
        if isinstance(before, Storage):
            (<Storage>before)._removeFeeder(task)
        elif isinstance(before, DirectFields):
            (<DirectFields>before)._feeders = withoutSource((<DirectFields>before)._feeders, task)
        else:
            before.removeFeeder(task)
        if mayHold(before, task) and task not in before.feeders:
            before.removeSender(task)
    if isinstance(sink, Storage):
        (<Storage>sink)._addFeeder(task)
    elif isinstance(sink, DirectFields):
        (<DirectFields>sink)._feeders = withSource((<DirectFields>sink)._feeders, task)
    elif sink is not NULL_SINK:
        sink.addFeeder(task)
    store(boxes, place.boxname, sink)
    return 0


cdef inline bint mayHold(object sink, object task) except -1:
    """Return whether `sink`, or a gate of its component, may hold `task`."""
    waiting = (<Storage>sink).waiting if isinstance(sink, Storage) else sink.waiting
    if PyObject_IsTrue(waiting):
        return True
    return PyObject_IsTrue((<Task>task).gates if type(task) is Task else task.gates)


def createSink(component, boxes, boxname):
    """Return a new sink for an inbox of `component`, and store it in `boxes`, its inboxes."""
    return sinkFor(component, boxes, boxname)


cdef object sinkFor(object component, object boxes, object boxname):
    isUsual = isinstance(component, BoxMethods)
    sink = newSink(taskOf(component) if isUsual else component.getTask(), boxname)
    store(boxes, boxname, sink)
    if variable(BOX, SHOW_ALL):
        sink.setShowTransit(True)
    if mayStop(component):
        closeAdded(component, boxes, sink)
    return sink


cdef inline int store(object boxes, object boxname, object sink) except -1:
    """Set boxes[boxname], the sink of an inbox or of an outbox."""
    if type(boxes) is dict:
        (<dict>boxes)[boxname] = sink
    else:
        boxes[boxname] = sink
    return 0


cdef bint mayStop(object component) except -1:
    """Return component.isStopped()."""
    if inherits(component, "isStopped", STOPPED):
        return hasStopped(component)
    return PyObject_IsTrue(component.isStopped())


cdef dict asDict(object boxes):
    """Return boxes, or a copy of those of another kind: Cython runs through a dict at full speed."""
    return <dict>boxes if type(boxes) is dict else dict(boxes)


cdef object newSink(object task, object boxname):
    cdef Storage made = newInstance(<object>PLAIN)
    made._begin(NO_WAKE if task is None else task, boxname)
    return made


cdef bint anyUsed(dict boxes) except -1:
    """Return whether one of the inboxes has a sink."""
    cdef PyObject *sink
    cdef Py_ssize_t at = 0
    while PyDict_Next(boxes, &at, NULL, &sink):
        if sink != <PyObject *>UNUSED_SINK:
            return True
    return False


def takeDirectly(boxes, task, boxname, take):
    """Pass each message to the inbox `boxname` in `boxes` to `take` when it arrives."""
    cdef DirectFields made
    before = boxes[boxname]
    if isinstance(before, DirectFields):
        (<DirectFields>before).append = take
        return
    made = newInstance(<object>DIRECT)
    made._begin(task, boxname, take)
    boxes[boxname] = made
    if before is not UNUSED_SINK:
        made.standInFor(before)


def linkPlaces(source, sourcebox, sink, sinkbox):
    """Link the outbox `sourcebox` of `source` to the inbox `sinkbox` of `sink`.

    No postoffice knows the linkage. Raises KeyError and BoxAlreadyLinkedToDestination.
    """
    connect(source, sourcebox, sink, sinkbox)


cdef int connect(object source, object sourcebox, object sink, object sinkbox) except -1:
    end = placeOf(sink, sinkbox, True)
    start = placeOf(source, sourcebox, False)
    if isOurs(end):
        join(end, start)
    else:
        end.addsource(start)
    return 0


def linkAll(*links):
    """Make these linkages: each is an outbox of a component, and an inbox of another."""
    for source, sourcebox, sink, sinkbox in links:
        try:
            connect(source, sourcebox, sink, sinkbox)
        except (KeyError, ALREADY_LINKED):
            sink.link((source, sourcebox), (sink, sinkbox))


def passOn(component, message):
    """Send `message` to "outbox" of `component`. Return whether its receiver keeps up."""
    cdef PyObject *sink = NULL
    cdef Py_ssize_t waiting
    component.send(message)
    if isinstance(component, BoxMethods):
        sink = knownOutbox(<BoxMethods>component, <PyObject *>OUTBOX)
    if sink != NULL and typeOf(sink) == PLAIN:
        waiting = (<Storage>sink)._n
    else:
        waiting = len(component.outboxes["outbox"])
    if waiting > 1:
        return False
    if inherits(component, "isHeld", IS_HELD):
        return not hasShutGate(component)
    return not component.isHeld()


def closeSinks(component, boxes):
    """Release the senders to `component`, which has ended, and count what still arrives.

    boxes: its inboxes by name.
    """
    late = None
    if type(boxes) is dict and not anyUsed(boxes):
        return
    for sink in list(boxes.values()):
        if sink is not UNUSED_SINK and isinstance(sink, Storage):
            if late is None:
                late = newLate(component)
            (<Storage>sink)._closeDown(late)


cdef class LateFields:
    """The fields of Axon.LateMessages.LateMessages."""

    cdef public object _kind, _id, _given
    cdef public Py_ssize_t came, discarded

    def __init__(self, component):
        self._begin(component)

    cdef int _begin(self, component) except -1:
        self._kind = type(component)
        self._id = component.id
        self._given = component.__dict__.get("name")
        return 0


cdef object newLate(object component):
    cdef LateFields made = newInstance(LATE)
    made._begin(component)
    return made


cdef object NULL_SINK = None  # Axon.Postbox.NULL
cdef object UNUSED_SINK = None  # Axon.Sinks.UNUSED
cdef object ENDED_SINK = None  # Axon.Sinks.endedsink
cdef object POSTBOX = {}  # the variables of Axon.Postbox
cdef object BOX = {}  # the variables of Axon.Box
cdef object LATE, closeAdded, OUTBOX_CLASS, ALREADY_LINKED
cdef object OBSERVERS = "observers"
cdef object SHOW_ALL = "ShowAllTransits"


def provideLinkages(variables, null, outbox):
    """Use these objects of Axon.Postbox."""
    global POSTBOX, NULL_SINK, OUTBOX_CLASS
    POSTBOX, NULL_SINK, OUTBOX_CLASS = variables, null, outbox


def provideBoxes(variables, unused, ended, late, close, alreadyLinked):
    """Use these objects of Axon.Box."""
    global BOX, UNUSED_SINK, ENDED_SINK, LATE, closeAdded, ALREADY_LINKED
    BOX, UNUSED_SINK, ENDED_SINK, LATE, closeAdded = variables, unused, ended, late, close
    ALREADY_LINKED = alreadyLinked


cdef object NO_WAKE = None  # Axon.Postbox.NO_TASK, which no message wakes
cdef PyObject *PLAIN = NULL  # Axon.Sinks.realsink, whose append and popleft are those of Ring
cdef object SLEEP_ONCE = (1,)
cdef object NO_SLEEP = ()
cdef object hasNews


cdef set SEARCHED = set()  # of Axon.FeederSearches


def provideSearches(searched):
    """Use this set of Axon.FeederSearches."""
    global SEARCHED
    SEARCHED = searched


def provideSinks(noTask, plain):
    """Use these objects of Axon.Sinks."""
    global NO_WAKE, PLAIN
    NO_WAKE = noTask
    Py_INCREF(plain)
    PLAIN = <PyObject *>plain


cdef PyObject *TAPPED = NULL  # Axon.Sinks.tappedsink
cdef dict TOLD = {}  # Axon.Sinks.told: the listeners by the id of the sink
cdef PyObject *RECENT = NULL  # the sink whose listeners are `toldOfRecent`, or NULL
cdef tuple toldOfRecent = ()


def provideListeners(tapped, told):
    """Use these objects of Axon.Sinks."""
    global TAPPED, TOLD
    TOLD = told
    Py_INCREF(tapped)
    TAPPED = <PyObject *>tapped


def listenersChanged():
    """Look up the listeners of sinks again: Axon.Sinks.told has changed."""
    global RECENT, toldOfRecent
    RECENT, toldOfRecent = NULL, ()


def provideWaits(once, notAtAll, news):
    """Use these objects of Axon.BoxMethods and Axon.MessageWaits."""
    global SLEEP_ONCE, NO_SLEEP, hasNews
    SLEEP_ONCE, NO_SLEEP, hasNews = once, notAtAll, news


cdef inline int arrived(object waiter, object sink) except -1:
    """Wake the task `waiter`: a message has arrived in `sink`."""
    cdef Task task
    cdef int state
    if type(waiter) is Task:
        task = <Task>waiter
        if task.state < READY:
            task._makeReady()
        elif task.state == RUNNING:
            task.wish |= WOKEN
        elif task.state > RUNNING:
            task._messageArrived(sink.isUrgent)
    else:
        state = waiter.state
        if state < READY:
            waiter.wake()
        elif state >= RUNNING:
            waiter.messageArrived(sink.isUrgent)
    return 0


cdef inline int taken(Storage sink) except -1:
    """Wake the tasks that sleep until a message is taken from `sink`."""
    cdef Task task
    feeder = sink.feeder
    sink._reported = TAKEN
    if type(feeder) is Task:
        task = <Task>feeder
        if task.state == PAUSED:
            task._makeReady()
    elif feeder is None:
        sink._wakeFeeders()
    elif not feeder.state:
        feeder.wake()
    return 0


cdef int takenFrom(object sink) except -1:
    """The same for a sink of any class."""
    sink.reported = TAKEN
    feeder = sink.feeder
    if feeder is None:
        sink.wakeFeeders()
    elif not feeder.state:
        feeder.wake()
    return 0


cdef enum:
    TASK, INBOXES, OUTBOXES, POSTOFFICE, CHILDREN, PLACES


cdef class Field:
    """An attribute of a component that is a field of BoxMethods; the class has none."""

    cdef str _name
    cdef int _which

    def __init__(self, str name, int which):
        self._name = name
        self._which = which

    def __get__(self, owner, kind):
        cdef BoxMethods component = owner
        if component is None:
            raise AttributeError(
                f"type object {kind.__name__!r} has no attribute {self._name!r}",
                name=self._name,
                obj=kind,
            )
        if self._which == TASK:
            value = component._taskOrNone
        elif self._which == INBOXES:
            value = component._inboxesOrNone
        elif self._which == OUTBOXES:
            value = component._outboxesOrNone
        elif self._which == POSTOFFICE:
            value = component._officeOrNone
        elif self._which == CHILDREN:
            value = component._childrenOrNone
        else:
            value = component._placesOrNone
        if value is None and (self._which not in (POSTOFFICE, CHILDREN) or component._placesOrNone is None):
            raise missing(owner, self._name)
        return value

    def __set__(self, owner, value):
        cdef BoxMethods component = owner
        if component is None:
            raise TypeError(f"{self._name!r} is an attribute of a component")
        if self._which == TASK:
            component._taskOrNone = value
        elif self._which == INBOXES:
            component._inboxesOrNone = value
        elif self._which == OUTBOXES:
            component._outboxesOrNone = value
        elif self._which == POSTOFFICE:
            component._officeOrNone = value
        elif self._which == CHILDREN:
            component._childrenOrNone = value
        else:
            component._placesOrNone = value

    def __delete__(self, owner):
        if self.__get__(owner, type(owner)) is not None:
            self.__set__(owner, None)


cdef inline object boxOf(object boxes, object boxname):
    """Return the sink with this name among the inboxes or outboxes of a component, or None."""
    cdef PyObject *found
    if type(boxes) is dict:
        found = ax_find(boxes, boxname)
        return None if found == NULL else <object>found
    return lookUp(boxes, boxname)


cdef inline object ownTask(BoxMethods self):
    """Return `_task` of a component, which is looked up only if it raises an error."""
    return self._task if self._taskOrNone is None else self._taskOrNone


cdef inline object ownInboxes(BoxMethods self):
    """Return `_inboxes` of a component, which is looked up only if it raises an error."""
    return self._inboxes if self._inboxesOrNone is None else self._inboxesOrNone


cdef inline PyObject *knownInbox(BoxMethods self, PyObject *name) noexcept:
    """Return the sink of an inbox, a borrowed reference, or NULL if a search is necessary."""
    cdef PyObject *boxes = <PyObject *>self._inboxesOrNone
    if isVersioned(boxes) and versionOf(boxes) == self._inboxesVersion:
        if name == <PyObject *>INBOX:
            return self._inbox
        if name == <PyObject *>CONTROL:
            return self._control
    return NULL


cdef inline PyObject *knownOutbox(BoxMethods self, PyObject *name) noexcept:
    """Return the sink of an outbox, a borrowed reference, or NULL if a search is necessary."""
    cdef PyObject *boxes = <PyObject *>self._outboxesOrNone
    if name == <PyObject *>OUTBOX and isVersioned(boxes):
        if versionOf(boxes) == self._outboxesVersion:
            return self._outbox
    return NULL


cdef int learnInboxes(BoxMethods self, object boxes) except -1:
    """Let knownInbox() know the sinks. The comparison of names may run a program."""
    cdef unsigned long long version = versionOf(<PyObject *>boxes)
    cdef PyObject *inbox
    cdef PyObject *control
    if version != self._inboxesVersion:
        inbox = PyDict_GetItemWithError(boxes, INBOX)
        control = PyDict_GetItemWithError(boxes, CONTROL)
        if version == versionOf(<PyObject *>boxes):
            self._inboxesVersion, self._inbox, self._control = version, inbox, control
    return 0


cdef int learnOutboxes(BoxMethods self, object boxes) except -1:
    """Let knownOutbox() know the sink."""
    cdef unsigned long long version = versionOf(<PyObject *>boxes)
    cdef PyObject *outbox
    if version != self._outboxesVersion:
        outbox = PyDict_GetItemWithError(boxes, OUTBOX)
        if version == versionOf(<PyObject *>boxes):
            self._outboxesVersion, self._outbox = version, outbox
    return 0


cdef inline object inboxOf(BoxMethods self, object boxname):
    """Return the sink of an inbox, or None."""
    boxes = self._inboxesOrNone
    if isVersioned(<PyObject *>boxes):
        learnInboxes(self, boxes)
    return boxOf(boxes, boxname)


cdef inline object outboxOf(BoxMethods self, object boxname):
    """Return the sink to which an outbox leads, or None."""
    boxes = self._outboxesOrNone
    if isVersioned(<PyObject *>boxes):
        learnOutboxes(self, boxes)
    return boxOf(boxes, boxname)


cdef class BoxMethods:
    """The methods with which a component sends and takes messages, and sleeps."""

    cdef object _taskOrNone, _inboxesOrNone, _outboxesOrNone
    cdef object _officeOrNone, _childrenOrNone, _placesOrNone
    # The sinks of the boxes with the commonest names while their dicts have these versions
    cdef unsigned long long _inboxesVersion, _outboxesVersion
    cdef PyObject *_inbox
    cdef PyObject *_control
    cdef PyObject *_outbox

    _task = Field("_task", TASK)
    _inboxes = Field("_inboxes", INBOXES)
    outboxes = Field("outboxes", OUTBOXES)
    _postoffice = Field("_postoffice", POSTOFFICE)
    _children = Field("_children", CHILDREN)
    _linkedOutboxes = Field("_linkedOutboxes", PLACES)

    def __init__(self, *args, **argd):
        cdef Task task
        cdef ClassPlan plan
        kind = type(self)
        found = kind._planOfCore
        plan = found if type(found) is ClassPlan else makePlan(kind)
        if plan.isPlain:
            task = Task.__new__(Task)
            task._process = self
            self.id = NEXT_NUMBER()
            self._taskOrNone = task
            self.scheduler = NO_SCHEDULER
            self._isStopping = False
        else:
            super().__init__()
        self._officeOrNone = self._childrenOrNone = None
        self._placesOrNone = ()
        if argd:
            if not kind._knownSettings.issuperset(argd):
                checkSettings(self, argd)
            for name, value in argd.items():
                setattr(self, name, value)
        inboxes, outboxes = self.Inboxes, self.Outboxes
        if type(inboxes) is str or type(outboxes) is str:
            checkNames(self, "Inboxes", inboxes)
            checkNames(self, "Outboxes", outboxes)
        if plan.inboxes is not None and haveSameKeys(plan.inboxes, inboxes):
            self._inboxesOrNone = PyDict_Copy(plan.inboxes)
        else:
            self._inboxesOrNone = dict.fromkeys(inboxes, UNUSED_SINK)
            plan.inboxes = PyDict_Copy(self._inboxesOrNone) if type(inboxes) is dict else None
        if plan.outboxes is not None and haveSameKeys(plan.outboxes, outboxes):
            self._outboxesOrNone = PyDict_Copy(plan.outboxes)
        else:
            self._outboxesOrNone = dict.fromkeys(outboxes, NULL_SINK)
            plan.outboxes = PyDict_Copy(self._outboxesOrNone) if type(outboxes) is dict else None
        if variable(COMPONENT, TRACE_SENDS):
            COMPONENT["traceSends"](self)
        if variable(COMPONENT, TRACE_RECVS):
            COMPONENT["traceRecvs"](self)

    def getTask(self):
        """Return the Task that represents this in a run queue (Axon.RunQueue).

        Schedulers, boxes and gates use it. Programs use the methods of this class instead.
        """
        return ownTask(self)

    def placesOfInboxes(self):
        """Return the inboxes as this component stores them; UNUSED represents an unused one."""
        return ownInboxes(self)

    def placeOfBox(self, boxname, isInbox):
        """Return the place of an inbox or outbox among the linkages (Axon.Box.postbox).

        `placeOfSink.addsource(placeOfSource)` links two boxes without a postoffice; only
        `removesource` removes such a linkage. Raises KeyError if there is no such box.
        """
        return ownPlace(self, boxname, isInbox)

    def unlinkOutboxes(self, *boxnames):
        """Remove the linkages that start at these outboxes, or at all if none is named."""
        places = self._linkedOutboxes if self._placesOrNone is None else self._placesOrNone
        if not boxnames:
            self._placesOrNone = ()
        for place in list(places.values()) if type(places) is dict else places:
            target = targetOf(place)
            if target is not None and (not boxnames or nameOf(place) in boxnames):
                partFrom(target, place)

    def send(self, message, boxname="outbox"):
        """Put `message` into the inbox to which the outbox `boxname` leads, immediately.

        An outbox without a linkage discards it. Raises noSuchBox (a KeyError), and
        noSpaceInBox if the inbox has a size and is full. If the inbox has a capacity
        and is full now, this component is held at its next yield.
        """
        return sendMessage(self, message, boxname)

    def recv(self, boxname="inbox"):
        """Take the oldest message from the inbox, and return it.

        Raises noSuchBox (a KeyError) and emptyInbox (an IndexError).
        """
        return takeMessage(self, boxname)

    def dataReady(self, boxname="inbox"):
        """Return how many messages the inbox holds."""
        return sizeOfInbox(self, boxname)

    def anyReady(self):
        """Return the first inbox, in order of declaration, that holds a message, or False."""
        for boxname, sink in self._inboxes.items():
            if PyObject_IsTrue(sink):
                return boxname
        return False

    def Inbox(self, boxname="inbox"):
        """Take and generate the messages in the inbox, including those that arrive meanwhile."""
        cdef MessageIterator made = MessageIterator.__new__(MessageIterator)
        made._owner = self
        made._boxname = boxname
        return made

    def pause(self, timeout=None):
        """Sleep from the next yield on until a message arrives, a message that this component
        has sent is taken, a child ends, unpause() is called, or `timeout` seconds have passed.
        """
        return pauseComponent(self, timeout)

    def waitForMessage(self, boxname=None, timeout=None):
        """`yield from` this to wait until the inbox (any inbox, if none is named) has a message.

        Messages that an earlier wait has reported do not end a wait for any inbox, unless a
        message was taken from the same inbox since: the wait sleeps until something new arrives.
        A wait for one inbox that would repeat a report takes one turn, and ends.

        After `timeout` seconds the wait ends, and perhaps no inbox has a message.
        """
        return waitForMessages(self, boxname, timeout)


# Taps: see Axon.Taps


cdef enum:
    KEPT = 32  # messages that a TapLog keeps


cdef class TapLog:
    """Counts messages, and keeps the last 32 with their senders."""

    cdef readonly Py_ssize_t count
    cdef list _kept  # a sender and its message, by turns; the garbage collector may clear it
    cdef object __weakref__

    def __init__(self):
        self.count = 0
        self._kept = [None] * (2 * KEPT)

    cdef int _note(self, sender, message) except -1:
        cdef Py_ssize_t at = 2 * (self.count % KEPT)
        cdef list kept = self._kept
        self.count += 1
        if kept is not None and len(kept) == 2 * KEPT:
            kept[at] = sender
            kept[at + 1] = message
        return 0

    def note(self, sender, message):
        self._note(sender, message)

    def last(self):
        cdef Py_ssize_t number, at
        cdef list kept = self._kept, made = []
        if kept is not None and len(kept) == 2 * KEPT:
            for number in range(max(self.count - KEPT, 0), self.count):
                at = 2 * (number % KEPT)
                made.append((kept[at], kept[at + 1]))
        return made


cdef class TapListener:
    """Notes each message that arrives in a sink in a TapLog, which it does not keep."""

    cdef object _log  # a weak reference
    cdef object _senderTo  # Axon.Taps.senderTo

    def __init__(self, log, senderTo):
        self._log = weakref.ref(log)
        self._senderTo = senderTo

    def __call__(self, sink, message):
        self.arrived(sink, message)

    cdef int arrived(self, sink, message) except -1:
        log = <object>PyWeakref_GetObject(self._log)
        if type(log) is not TapLog:
            return 0
        if isinstance(sink, Storage) and type((<Storage>sink).feeder) is Task:
            sender = (<Task>(<Storage>sink).feeder)._process
        else:
            sender = self._senderTo(sink)
        (<TapLog>log)._note(sender, message)
        return 0


cdef int tell(Storage sink, message) except -1:
    """Call the listeners of a sink."""
    global RECENT, toldOfRecent
    cdef tuple listeners
    if <PyObject *>sink != RECENT:
        toldOfRecent = <tuple?>TOLD[<size_t><PyObject *>sink]
        RECENT = <PyObject *>sink
    listeners = toldOfRecent
    for listener in listeners:
        if type(listener) is TapListener:
            (<TapListener>listener).arrived(sink, message)
        else:
            listener(sink, message)
    return 0


cdef object sendTapped(Storage sink, object message):
    """Put a message into a sink whose class is TAPPED."""
    sink.put(message)
    tell(sink, message)
    arrived(sink.task, sink)
    return None


cdef object sendDirectly(BoxMethods self, DirectFields sink, object message):
    """Pass a message on. No task sleeps until one arrives in a direct sink."""
    gate = sink.append(message)
    if gate is not None:
        self._task.hold(gate)
    return None


# The implementations of these methods


cdef object sendMessage(BoxMethods self, object message, object boxname):
    sink = outboxOf(self, boxname)
    if typeOf(<PyObject *>sink) == PLAIN:
        (<Storage>sink).put(message)
        arrived((<Storage>sink).task, sink)
        return None
    if typeOf(<PyObject *>sink) == DIRECT:
        return sendDirectly(self, <DirectFields>sink, message)
    if typeOf(<PyObject *>sink) == TAPPED:
        return sendTapped(<Storage>sink, message)
    if sink is None:
        self._wrongBox(boxname, "outbox")
    gate = sink.append(message)
    arrived(sink.task, sink)
    if gate is not None:
        self._task.hold(gate)
    return None


cdef object takeMessage(BoxMethods self, object boxname):
    sink = inboxOf(self, boxname)
    if typeOf(<PyObject *>sink) == PLAIN:
        if (<Storage>sink)._n == 0:
            self._cannotTake(boxname)
        message = (<Storage>sink).take()
        taken(<Storage>sink)
        return message
    if typeOf(<PyObject *>sink) == TAPPED and (<Storage>sink)._n:
        message = (<Storage>sink).take()
        taken(<Storage>sink)
        return message
    if sink is None:
        self._cannotTake(boxname)
    try:
        message = sink.popleft()
    except (KeyError, IndexError, AttributeError):
        self._cannotTake(boxname)
    takenFrom(sink)
    return message


cdef Py_ssize_t sizeOfInbox(BoxMethods self, object boxname) except -1:
    sink = inboxOf(self, boxname)
    if typeOf(<PyObject *>sink) == PLAIN or isinstance(sink, Storage):
        return (<Storage>sink)._n
    if sink is None:
        self._wrongBox(boxname, "inbox")
    return PyObject_Size(sink)


cdef object pauseComponent(BoxMethods self, object timeout):
    task = self._taskOrNone
    if timeout is None and type(task) is Task and (<Task>task).deadline is None:
        (<Task>task).wish |= PAUSE
        return ONE
    task = ownTask(self)
    return self._sleep(PAUSE, timeout)


cdef object waitForMessages(BoxMethods self, object boxname, object timeout):
    cdef Py_ssize_t waiting
    if boxname is not None or timeout is not None:
        return newWait(self, boxname, timeout)
    task = ownTask(self)
    for sink in asDict(ownInboxes(self)).values():
        if typeOf(<PyObject *>sink) == PLAIN or isinstance(sink, Storage):
            waiting = (<Storage>sink)._n
            if not waiting:
                (<Storage>sink)._reported = 0
                continue
            if (<Storage>sink)._reported == TAKEN:
                (<Storage>sink)._reported = waiting
                return NO_SLEEP
        elif PyObject_IsTrue(sink):
            if sink.reported == TAKEN:
                sink.reported = len(sink)
                return NO_SLEEP
        else:
            sink.reported = 0
            continue
        if hasNews(self):
            return NO_SLEEP
        break
    if type(task) is Task:
        (<Task>task).wish = (<Task>task).wish & HOLD | WAIT
    else:
        task.wish = task.wish & HOLD | WAIT
    return SLEEP_ONCE


# The methods, when they are called in the usual way; see AxMethod


cdef inline bint isUsual(PyObject **args, size_t n, PyObject *names, size_t least, size_t most) noexcept:
    """Return whether a component and no keyword, `least` to `most` arguments in all, are passed."""
    n &= OFFSET_FREE
    return names == NULL and least <= n <= most and ax_component(args[0], <PyObject *>BoxMethods)


cdef inline PyObject *given(object result) noexcept:
    """Return `result` as a C function does, with a reference."""
    return newReference(<PyObject *>result)


# Nearly every call finds what it needs at once: a known box of the commonest class, with room for
# a message, and a task that can be woken, if it sleeps, by adding it to a queue with room. Nothing
# else runs during such a call, so borrowed references are sufficient. Otherwise nothing has
# happened yet, and the functions above handle the call.


cdef inline bint mayBeWoken(Task task) noexcept:
    """Return whether wakeNow(task) is possible; the task sleeps."""
    return (
        task._queue is not None and task._queue._isRequested and task._queue.ready.hasRoom()
    )


cdef inline void wakeNow(Task task) noexcept:
    task.state = task._queue.mark
    task._queue.ready.store(<PyObject *>task)


cdef inline bint hasSent(PyObject *sink, PyObject *message) noexcept:
    """Put a message into a sink at once, and wake its task; return False if that is impossible."""
    cdef PyObject *waiter
    cdef int state
    if typeOf(sink) != PLAIN or not (<Storage>sink).hasRoom():
        return False
    waiter = <PyObject *>(<Storage>sink).task
    if typeOf(waiter) != <PyObject *>Task:
        return False
    state = (<Task>waiter).state
    if state < READY:
        if not mayBeWoken(<Task>waiter):
            return False
        wakeNow(<Task>waiter)
    elif state == RUNNING:
        (<Task>waiter).wish |= WOKEN
    elif state > RUNNING:
        return False
    (<Storage>sink).store(message)
    return True


cdef inline PyObject *takenNow(PyObject *sink) noexcept:
    """Take a message from a sink at once, and wake the feeder; return NULL if that is impossible."""
    cdef PyObject *feeder
    if typeOf(sink) != PLAIN and typeOf(sink) != TAPPED or not (<Storage>sink).hasSpare():
        return NULL
    feeder = <PyObject *>(<Storage>sink).feeder
    if typeOf(feeder) != <PyObject *>Task:
        return NULL
    if (<Task>feeder).state == PAUSED:
        if not mayBeWoken(<Task>feeder):
            return NULL
        wakeNow(<Task>feeder)
    (<Storage>sink)._reported = TAKEN
    return (<Storage>sink).fetch()


cdef PyObject *callSend(PyObject *method, PyObject **args, size_t n, PyObject *names) except NULL:
    cdef PyObject *name
    cdef PyObject *sink
    if not isUsual(args, n, names, 2, 3):
        return given(ax_plain(method, args, n, names))
    name = <PyObject *>OUTBOX if n & OFFSET_FREE == 2 else args[2]
    sink = knownOutbox(<BoxMethods>args[0], name)
    if sink != NULL:
        if hasSent(sink, args[1]):
            return newReference(Py_None)
        if typeOf(sink) == DIRECT:
            return given(
                sendDirectly(<BoxMethods>args[0], <DirectFields><object>sink, <object>args[1])
            )
        if typeOf(sink) == TAPPED:
            return given(sendTapped(<object>sink, <object>args[1]))
    return given(sendMessage(<BoxMethods>args[0], <object>args[1], <object>name))


cdef PyObject *callRecv(PyObject *method, PyObject **args, size_t n, PyObject *names) except NULL:
    cdef PyObject *name
    cdef PyObject *sink
    cdef PyObject *message
    if not isUsual(args, n, names, 1, 2):
        return given(ax_plain(method, args, n, names))
    name = <PyObject *>INBOX if n & OFFSET_FREE == 1 else args[1]
    sink = knownInbox(<BoxMethods>args[0], name)
    if sink != NULL:
        message = takenNow(sink)
        if message != NULL:
            return message
    return given(takeMessage(<BoxMethods>args[0], <object>name))


cdef PyObject *callDataReady(
    PyObject *method, PyObject **args, size_t n, PyObject *names
) except NULL:
    cdef PyObject *name
    cdef PyObject *sink
    cdef Py_ssize_t waiting = 0
    if not isUsual(args, n, names, 1, 2):
        return given(ax_plain(method, args, n, names))
    name = <PyObject *>INBOX if n & OFFSET_FREE == 1 else args[1]
    sink = knownInbox(<BoxMethods>args[0], name)
    if sink != NULL and (typeOf(sink) == PLAIN or typeOf(sink) == TAPPED):
        waiting = (<Storage>sink)._n
    elif sink == NULL or sink != <PyObject *>UNUSED_SINK:
        waiting = sizeOfInbox(<BoxMethods>args[0], <object>name)
    if waiting == 0:
        return newReference(<PyObject *>ZERO)
    return newReference(<PyObject *>ONE) if waiting == 1 else newNumber(waiting)


cdef PyObject *callPause(PyObject *method, PyObject **args, size_t n, PyObject *names) except NULL:
    cdef PyObject *task
    if not isUsual(args, n, names, 1, 1):
        return given(ax_plain(method, args, n, names))
    task = <PyObject *>(<BoxMethods>args[0])._taskOrNone
    if typeOf(task) == <PyObject *>Task and (<Task>task).deadline is None:
        (<Task>task).wish |= PAUSE
        return newReference(<PyObject *>ONE)
    return given(pauseComponent(<BoxMethods>args[0], None))


cdef object callWaitForMessage(PyObject *method, PyObject **args, size_t n, PyObject *names):
    if not isUsual(args, n, names, 1, 1):
        return ax_plain(method, args, n, names)
    return waitForMessages(<BoxMethods>args[0], None, None)


cdef object NEXT_NUMBER, NO_SCHEDULER, PLAIN_PROCESS
cdef object checkSettings, checkNames, addPlace
cdef Py_ssize_t FEW_PLACES = 0  # of Axon.OutboxPlaces
cdef object COMPONENT = {}  # the variables of Axon.Component
cdef object TRACE_SENDS = "TraceAllSends"
cdef object TRACE_RECVS = "TraceAllRecvs"


def provideComponents(variables, process, number, noScheduler, settings, names, withPlace, few):
    """Use these objects of Axon.Component and the modules below it."""
    global COMPONENT, PLAIN_PROCESS, NEXT_NUMBER, NO_SCHEDULER, checkSettings, checkNames, addPlace
    global STOPPED, IS_HELD, FEW_PLACES
    STOPPED, IS_HELD, FEW_PLACES = process.isStopped, process.isHeld, few
    COMPONENT, PLAIN_PROCESS, NEXT_NUMBER, NO_SCHEDULER = variables, process, number, noScheduler
    checkSettings, checkNames, addPlace = settings, names, withPlace


cdef class ClassPlan:
    """What new components of one class have in common."""

    cdef bint isPlain  # the __init__ after that of BoxMethods is that of microprocess
    cdef dict inboxes, outboxes  # of the newest component, when it was made


cdef bint haveSameKeys(dict boxes, object names) except -1:
    """Return whether `names` is a dict with the keys of `boxes`, the same objects in this order."""
    cdef Py_ssize_t at = 0, position = 0
    cdef PyObject *ours
    cdef PyObject *theirs
    if type(names) is not dict or len(boxes) != len(<dict>names):
        return False
    while PyDict_Next(boxes, &at, &ours, NULL):
        if not PyDict_Next(names, &position, &theirs, NULL) or ours != theirs:
            return False
    return True


cdef ClassPlan makePlan(object kind):
    cdef ClassPlan plan
    bases = kind.__mro__
    following = bases[bases.index(BoxMethods) + 1 :]
    first = next(each for each in following if "__init__" in vars(each))
    plan = ClassPlan.__new__(ClassPlan)
    plan.isPlain = first is PLAIN_PROCESS
    kind._planOfCore = plan
    return plan


cdef object lookUp(object boxes, object boxname):
    """Return boxes[boxname], or None; `boxes` are None in a component without boxes."""
    if boxes is None:
        return None
    try:
        return boxes[boxname]
    except (KeyError, AttributeError):
        return None


cdef class MessageIterator:
    """The iterator over the messages in an inbox, see BoxMethods.Inbox()."""

    cdef BoxMethods _owner
    cdef object _boxname, _sink

    def __iter__(self):
        return self

    def close(self):
        """Take no more messages."""
        self._owner = self._sink = None

    def __next__(self):
        cdef BoxMethods owner
        sink = self._sink
        if sink is None:
            owner, self._owner = self._owner, None
            if owner is None:
                raise StopIteration
            sink = inboxOf(owner, self._boxname)
            if sink is None:
                owner._wrongBox(self._boxname, "inbox")
            self._sink = sink
        if typeOf(<PyObject *>sink) == PLAIN or typeOf(<PyObject *>sink) == TAPPED:
            if (<Storage>sink)._n:
                message = (<Storage>sink).take()
                taken(<Storage>sink)
                return message
        elif PyObject_IsTrue(sink):
            message = sink.popleft()
            takenFrom(sink)
            return message
        self._sink = None
        raise StopIteration


# The life of a microprocess: see Axon.Microprocess, Axon.Scheduler and Axon.Lifecycle
#
# These are functions that take the place of methods of Python classes (Axon.Core.replace).


cdef object SCHEDULER = None  # the class Axon.Scheduler.scheduler
cdef object LIFECYCLE = None  # the class Axon.Lifecycle.Lifecycle
cdef object halted = None  # Axon.Lifecycle.raiseStopIteration
cdef object handOver, closeBodies, plainResult, withItem
cdef object currentThread, runnable


def provideMicroprocesses(foreign, change, until, added):
    """Use these objects of Axon.Microprocess and Axon.Multiset."""
    global handOver, CHANGE, UNTIL, withItem
    handOver, CHANGE, UNTIL, withItem = foreign, change, until, added


def provideLifecycle(kind, halt, close, plain):
    """Use these objects of Axon.Lifecycle and the modules below it."""
    global LIFECYCLE, halted, closeBodies, plainResult
    LIFECYCLE, halted, closeBodies, plainResult = kind, halt, close, plain


def provideScheduler(kind, thread, bodies):
    """Use these objects of Axon.Scheduler."""
    global SCHEDULER, currentThread, runnable
    SCHEDULER, currentThread, runnable = kind, thread, bodies


cdef inline object taskOf(object process):
    """Return the task of a microprocess, or raise AttributeError."""
    if isinstance(process, BoxMethods) and (<BoxMethods>process)._taskOrNone is not None:
        return (<BoxMethods>process)._taskOrNone
    return process._task


@cython.binding(True)
def activate(self, Scheduler=None, Tracker=None, mainmethod="main"):
    try:
        task = taskOf(self)
    except AttributeError:
        name = type(self).__name__
        raise TypeError(
            f"{name} cannot run: its __init__ must call super().__init__() first"
        ) from None
    if type(task) is Task:
        isRegistered = (<Task>task)._body is not UNSET
    else:
        isRegistered = hasattr(task, "body")
    if isRegistered or self._isStopping:
        return self
    self.scheduler = Scheduler if Scheduler is not None else self.schedulerClass.run
    if Tracker is not None:
        self.tracker = Tracker
    body = self._givenBody
    if body is None:
        body = self.main() if mainmethod == "main" else getattr(self, mainmethod)()
    chosen = self.scheduler  # it may be another one after main(), which need not be a generator
    if type(chosen) is SCHEDULER and type(task) is Task:
        admitTask(chosen, <Task>task, body)
        return self
    admit = getattr(chosen, "admit", None)
    if admit is None:
        handOver(self, body)
    else:
        admit(task, body)
    return self


@cython.binding(True)
def admit(self, Task task not None, body):
    admitTask(self, task, body)


cdef int admitTask(object host, Task task, object body) except -1:
    """Register an activated microprocess with the scheduler `host`."""
    if PyGen_CheckExact(<PyObject *>body):
        task._body = body
        task._resume = body
        task._isGenerator = True
    else:
        body = runnable(body, task, host)
        task._body = body
        task.resume = body.send
    if isRunElsewhere(host):
        host.callFromThread(JoinFromThread.__new__(JoinFromThread, host, task))
    else:
        joinTask(host, task)
    return 0


cdef class JoinFromThread:
    """A call of scheduler._joinFromThread(task)."""

    cdef object _host, _task

    def __cinit__(self, host, task):
        self._host, self._task = host, task

    def __call__(self):
        self._host._joinFromThread(self._task)


cdef int joinTask(object host, Task task) except -1:
    host.tasks[task] = None
    observers = host.observers
    if observers:
        for observer in observers:
            observer.activated(task.process)
    if host.wait_for_one:
        SCHEDULER.wait_for_one = False
    queue = host.queue
    if isinstance(queue, RunQueue):
        (<RunQueue>queue).join(task)
    else:
        queue.join(task)
    return 0


@cython.binding(True)
def joinQueue(self, Task task not None):
    joinTask(self, task)


@cython.binding(True)
def stop(self):
    wasStopping = self._isStopping
    self._isStopping = True
    task = taskOf(self)
    cdef int state = task.state if type(task) is not Task else (<Task>task).state
    if state < NEW:
        self.scheduler.halt(task)
    elif state == NEW and not wasStopping:
        for watcher in task.watchers:
            watcher.childEnded(self)


@cython.binding(True)
def unpause(self):
    host, task = self.scheduler, taskOf(self)
    if type(host) is not SCHEDULER or type(task) is not Task or isRunElsewhere(host):
        host.wakeThread(self)
    elif (<Task>task).state != WAITING:
        (<Task>task)._wake()


cdef bint isRunElsewhere(object host) except -1:
    """Return whether a thread other than the calling one runs the scheduler `host`."""
    thread = host._thread
    return thread is not None and thread != currentThread()


@cython.binding(True)
def isActive(self):
    task = taskOf(self)
    return (<Task>task).state < NEW if type(task) is Task else task.state < NEW


@cython.binding(True)
def hasEnded(self):
    task = taskOf(self)
    cdef int state = (<Task>task).state if type(task) is Task else task.state
    return state == ENDED or (state == NEW and bool(self._isStopping))


cdef object IS_HELD = None  # Axon.Microprocess.microprocess.isHeld, which is this function


@cython.binding(True)
def isHeld(self):
    return hasShutGate(self)


cdef bint hasShutGate(object process) except -1:
    task = taskOf(process)
    gates = (<Task>task).gates if type(task) is Task else task.gates
    if gates is not None:
        for gate in gates:
            if gate.isShut():
                return True
    return False


@cython.binding(True)
def addWatcher(self, watcher):
    task = taskOf(self)
    task.watchers = withItem(task.watchers, watcher) if task.watchers else (watcher,)


cdef object STOPPED = None  # Axon.Microprocess.microprocess.isStopped, which is this function


@cython.binding(True)
def isStopped(self):
    return hasStopped(self)


cdef bint hasStopped(object process) except -1:
    if PyObject_IsTrue(process._isStopping):
        return True
    task = taskOf(process)
    return (<Task>task).state == ENDED if type(task) is Task else task.state == ENDED


@cython.binding(True)
def childEnded(self, child):
    task = taskOf(self)
    if type(task) is not Task:
        task.wakeUnlessWaiting()
    elif (<Task>task).state != WAITING:
        (<Task>task)._wake()


@cython.binding(True)
def taskEnded(self, Task task not None):
    endTask(self, task)


cdef int endTask(object handler, Task task) except -1:
    """Handle the end of a body: resume the body that called it, or finish the task."""
    if task._isGenerator or task._resume is not halted:
        if task.callers is not None:
            task.returnToCaller(None)
            return 0
        before = task._body  # it is destroyed after the field has changed
        task._body = None
        before = None
    try:
        finishTask(handler, task)
    except BaseException as error:
        handler._judge(task, error)
    return 0


@cython.binding(True)
def finish(self, Task task not None):
    finishTask(self, task)


cdef int finishTask(object handler, Task task) except -1:
    """End `task` now: close its bodies, call stop(), then wake the watchers."""
    if task.state == ENDED:
        return 0
    host = handler._scheduler
    process = task._process
    if type(process) is ref:
        process = process()
    observers = host.observers
    if observers:
        for observer in observers:
            observer.ending(process)
    task.state = ENDED
    host.tasks.pop(task, None)
    timers = host.timers
    if type(timers) is Timers:
        (<Timers>timers)._forget(task)
    elif task in timers.pending:
        timers.forget(task)
    held = host.queue.held
    if held:
        held.discard(task)
    before = task._resume
    task._isGenerator = False
    task._resume = halted
    before = None
    try:
        if task._body is not None or task.callers is not None:
            closeBodies(task)
    finally:
        try:
            process.stop()
        finally:
            leave(handler, task, process)
    return 0


cdef int leave(object handler, Task task, object process) except -1:
    """Wake the watchers of a process that has ended, and act on its last wish."""
    for watcher in task.watchers:
        watcher.childEnded(process)
    knockon = process._closeDownMicroprocess()
    if knockon:
        plainResult(knockon, "_closeDownMicroprocess", process)
        handler.handleKnockon(knockon)
    before = task.watchers
    if before and not process.hasChildren():
        task.watchers = ()
    task._process = ref(task._process)
    return 0


@cython.binding(True)
def hasChildren(self):
    children = self._children
    return children is not None and len(children) > 0


@cython.binding(True)
def closeDown(self):
    cdef BoxMethods component = None
    if isinstance(self, BoxMethods) and (<BoxMethods>self)._placesOrNone is not None:
        component = self
        if component._officeOrNone is not None:
            component._officeOrNone.unlinkAll()
        closeSinks(self, component.placesOfInboxes())
        places = component._placesOrNone
    else:
        if self._postoffice is not None:
            self._postoffice.unlinkAll()
        closeSinks(self, self.placesOfInboxes())
        places = self._linkedOutboxes
    for place in places.values() if type(places) is dict else places:
        if targetOf(place) is None:
            if component is None or type(places) is not tuple:
                self.forgetOutboxes(isNotLinked)
            else:
                kept = [each for each in <tuple>places if not isNotLinked(each)]
                component._placesOrNone = tuple(kept)
            break


cpdef bint isNotLinked(place) except -1:
    """Return whether the place of an outbox is not linked."""
    return targetOf(place) is None and sourcesOf(place) is None


# Timers: see Axon.Timers


cdef class Timers:
    """Timers(clock) -> the timeouts of sleeping tasks."""

    cdef public object clock
    cdef readonly dict pending
    cdef readonly list _heap
    cdef Py_ssize_t _order

    def __cinit__(self, *args, **kw):
        self._heap = []
        self.pending = {}

    def __init__(self, clock):
        self.clock = clock

    cdef int _wakeAt(self, Task task, object due) except -1:
        task.deadline = due
        cdef PyObject *before = PyDict_GetItemWithError(self.pending, task)
        if due < (INFINITY if before == NULL else <object>before):
            self._enter(task, due)
        return 0

    def wakeAt(self, Task task not None, due):
        self._wakeAt(task, due)

    cdef int _enter(self, Task task, object due) except -1:
        self.pending[task] = due
        self._order += 1
        heappush(self._heap, (due, self._order, task))
        self._tidy()
        return 0

    cdef int _forget(self, Task task) except -1:
        if task in self.pending:
            task.deadline = None
            del self.pending[task]
            self._tidy()
        return 0

    def forget(self, Task task not None):
        task.deadline = None
        self._forget(task)

    cdef int _tidy(self) except -1:
        if len(self._heap) > 64 + 2 * len(self.pending):
            self._heap = [entry for entry in self._heap if self.pending.get(entry[2]) == entry[0]]
            heapify(self._heap)
        return 0

    cdef object _next(self):
        cdef Task task
        while self._heap:
            due, _, task = self._heap[0]
            deadline = task.deadline
            if self.pending.get(task) != due:
                heappop(self._heap)
            elif deadline is None:
                heappop(self._heap)
                del self.pending[task]
            elif deadline > due:
                heappop(self._heap)
                self._enter(task, deadline)
            else:
                return due
        return None

    def next(self):
        return self._next()

    def wakeDue(self):
        cdef Task task
        if not self._heap:
            return
        now = self.clock.now()
        while True:
            due = self._next()
            if due is None or due > now:
                return
            _, _, task = heappop(self._heap)
            del self.pending[task]
            task.deadline = None
            if task.state != WAITING:
                task._wake()


@cython.binding(True)
def wakeAfter(self, task, seconds):
    setTimer(self, task, self.timers.clock.now() + seconds)


@cython.binding(True)
def wakeAt(self, task, due):
    setTimer(self, task, due)


cdef int setTimer(object host, object task, object due) except -1:
    """Wake `task` when the clock of the scheduler `host` shows `due`."""
    timers = host.timers
    if type(timers) is Timers and type(task) is Task:
        (<Timers>timers)._wakeAt(<Task>task, due)
    else:
        timers.wakeAt(task, due)
    loopRun = host.loopRun
    if loopRun is not None and not host.queue.isRunning:
        loopRun.setAlarm()
    return 0


# Waits: see Axon.Microprocess and Axon.MessageWaits


cdef object CHANGE, UNTIL  # the results of waitForChange() and waitUntil()
cdef object warnOfUnreadControl


def provideWarning(warn):
    """Use this function of Axon.UnreadBox."""
    global warnOfUnreadControl
    warnOfUnreadControl = warn


cdef object sleepUntilWoken(object self, int wish, object timeout):
    cdef Task task
    owned = taskOf(self)
    if type(owned) is not Task:
        raise TypeError(f"{owned!r} is not a task")
    task = owned
    if task.state < NEW:
        task.wish = task.wish & ~3 | wish
        task.deadline = None
        if timeout is not None:
            self.scheduler.wakeAfter(task, timeout)
    elif task.state == NEW:
        self.scheduler.pauseThread(self)
    return ONE


@cython.binding(True)
def sleep(self, wish, timeout):
    return sleepUntilWoken(self, wish, timeout)


@cython.binding(True)
def pauseForChange(self, timeout=None):
    return sleepUntilWoken(self, WAIT_FOR_CHANGE, timeout)


@cython.binding(True)
def waitForChange(self, timeout=None):
    sleepUntilWoken(self, WAIT_FOR_CHANGE, timeout)
    return CHANGE


@cython.binding(True)
def waitUntil(self, due):
    cdef Task task = taskOf(self)
    if task.state < NEW:
        task.wish = task.wish & ~3 | WAIT_FOR_CHANGE
        if due < (INFINITY if task.deadline is None else task.deadline):
            self.scheduler.wakeAt(task, due)
    return UNTIL


def hasNewsOf(component):
    """Return whether a wait of `component` for any inbox has something to report."""
    cdef bint isReported = component.getTask().wish & (REPORTED | WOKEN) == REPORTED
    cdef bint found = False
    cdef Storage inbox
    boxes = component.placesOfInboxes()
    for sink in asDict(boxes).values():
        if typeOf(<PyObject *>sink) == PLAIN or isinstance(sink, Storage):
            inbox = <Storage>sink
            if inbox._reported == TAKEN or not isReported:
                found = found or (inbox._n > 0 and inbox._n != inbox._reported)
            inbox._reported = inbox._n
        else:
            if sink.reported == TAKEN or not isReported:
                found = found or sink.hasNews()
            sink.noteReport()
    if not found and boxes.get(CONTROL):
        warnOfUnreadControl(component)
    return found


cdef enum:
    BEGUN, ASLEEP, LAST_TURN, OVER


cdef class MessageWait:
    """The iterator that waits for a message: waitForBox and waitForAny in Axon.MessageWaits."""

    cdef object _component, _boxname, _timeout, _now, _until, _change
    cdef int _stage

    method = "waitForMessage"  # for Axon.YieldCheck

    def __iter__(self):
        return self

    cdef bint _isReady(self) except -1:
        if self._boxname is None:
            return hasNews(self._component)
        return PyObject_IsTrue(self._component.dataReady(self._boxname))

    cdef int _begin(self) except -1:
        """Note the time, in the order in which the generators do it."""
        if self._timeout is not None:
            self._now = self._component.scheduler.timers.clock.now
            self._until = self._now() + self._timeout
        return 0

    cdef bint _isOver(self, bint isBegun) except -1:
        """Return whether the wait ends; otherwise the component falls asleep, or has a turn."""
        if not isBegun and self._boxname is None:
            self._begin()
        if self._isReady():
            if isBegun or self._boxname is None:
                return True
            if self._component.placesOfInboxes()[self._boxname].hasNews():
                return True
            self._stage = LAST_TURN
            return False
        if not isBegun and self._boxname is not None:
            self._begin()
        left = None
        if self._timeout is not None:
            left = self._until - self._now()
            if not left > 0:
                return True
        change = self._component.waitForChange(left)
        self._change = None if change is CHANGE else iter(change)
        self._stage = ASLEEP
        return False

    def __next__(self):
        cdef int stage = self._stage
        self._stage = OVER  # also after an error
        if stage == OVER:
            raise StopIteration
        while True:
            if stage == ASLEEP and self._change is not None:  # a waitForChange() of the program
                for request in self._change:
                    self._stage = ASLEEP
                    return request
            if stage == LAST_TURN or self._isOver(stage == ASLEEP):
                break
            if self._stage == LAST_TURN or self._change is None:
                return ONE
            stage = ASLEEP
            self._stage = OVER
        if self._boxname is not None:
            self._component.placesOfInboxes()[self._boxname].noteReport()
        self._component = None
        raise StopIteration


cdef object newWait(object component, object boxname, object timeout):
    cdef MessageWait made = MessageWait.__new__(MessageWait)
    made._component, made._boxname, made._timeout = component, boxname, timeout
    return made


# Postoffices: see Axon.Postoffice and Axon.Linkage


cdef class LinkageFields:
    """The fields of a linkage."""

    cdef public object source, sink, passthrough, _from, _to


cdef object LINKAGE, checkEnd, limit, sizeOf


def providePostoffice(kind, check, limits, size):
    """Use these objects of Axon.Postoffice and Axon.Linkage."""
    global LINKAGE, checkEnd, limit, sizeOf
    LINKAGE, checkEnd, limit, sizeOf = kind, check, limits, size


cdef object PLACE_OF_BOX = BoxMethods.placeOfBox


cdef inline object placeOf(object component, object boxname, bint isInbox):
    """Return component.placeOfBox(boxname, isInbox)."""
    if isinstance(component, BoxMethods) and inherits(component, "placeOfBox", PLACE_OF_BOX):
        return ownPlace(component, boxname, isInbox)
    return component.placeOfBox(boxname, isInbox)


cdef object ownPlace(BoxMethods self, object boxname, bint isInbox):
    cdef OutboxFields made
    if isInbox:
        inboxes = self.placesOfInboxes() if self._inboxesOrNone is None else self._inboxesOrNone
        sink = inboxes[boxname]
        return sinkFor(self, inboxes, boxname) if sink is UNUSED_SINK else sink
    places = self._linkedOutboxes if self._placesOrNone is None else self._placesOrNone
    if type(places) is dict:
        place = places.get(boxname)
        if place is not None:
            return place
    else:
        for place in <tuple>places:
            name = nameOf(place)
            if name is boxname or name == boxname:
                return place
    outboxes = self.outboxes if self._outboxesOrNone is None else self._outboxesOrNone
    if boxname not in outboxes:
        raise KeyError(boxname)
    made = newInstance(OUTBOX_CLASS)
    made.component = self
    made.boxname = boxname
    if type(places) is tuple and len(<tuple>places) < FEW_PLACES:
        self._placesOrNone = <tuple>places + (made,)
    else:
        self._placesOrNone = addPlace(places, made)
    return made


@cython.binding(True)
def link(
    self, source, sink, passthrough=0, pipewidth=0, synchronous=None, capacity=None
):
    cdef LinkageFields made
    cdef bint startsAtInbox = passthrough == 1, endsAtInbox = passthrough != 2
    try:
        (fromWhom, sourcebox), (toWhom, sinkbox) = source, sink
        start = placeOf(fromWhom, sourcebox, startsAtInbox)
        end = placeOf(toWhom, sinkbox, endsAtInbox)
    except (AttributeError, KeyError, TypeError, ValueError):
        checkEnd(source, startsAtInbox)
        checkEnd(sink, endsAtInbox)
        raise
    if targetOf(start) is not None or targetOf(end) is not None or start is end:
        end.checkSource(start)
    made = newInstance(LINKAGE)
    made.source, made.sink, made.passthrough = fromWhom, toWhom, passthrough
    made._from, made._to = start, end
    size = None if pipewidth == 0 and synchronous is None else sizeOf(pipewidth, synchronous)
    if capacity is not None or size is not None:
        limit(made, capacity, size)
    if isOurs(end):
        join(end, start)
    else:
        end.addsource(start)
    self._made[made] = None
    if self._index is not None:
        self._enter(made)
    return made


@cython.binding(True)
def unlink(self, thecomponent=None, thelinkage=None):
    made = self._made
    if thelinkage is None:
        unwanted = self._linkagesWith(thecomponent)
    else:
        unwanted = [thelinkage] if thelinkage in made else []
    for each in unwanted:
        del made[each]
        if self._index is not None:
            self._drop(each)
    for each in unwanted:
        separate(each)


@cython.binding(True)
def unlinkAll(self):
    made = self._made
    self._made, self._index = {}, None
    for each in made:
        separate(each)


cdef int separate(object linkage) except -1:
    """Remove a linkage: linkage.part()."""
    cdef LinkageFields fields
    if type(linkage) is not LINKAGE:
        linkage.part()
        return 0
    fields = linkage
    partFrom(fields._to, fields._from)
    return 0


ax_renew(BoxMethods, 6, 5)
ax_method(BoxMethods, b"send", <void *>callSend)
ax_method(BoxMethods, b"recv", <void *>callRecv)
ax_method(BoxMethods, b"dataReady", <void *>callDataReady)
ax_method(BoxMethods, b"pause", <void *>callPause)
ax_method(BoxMethods, b"waitForMessage", <void *>callWaitForMessage)
ax_name(Task, b"Axon.RunQueue.Task")
ax_name(RunQueue, b"Axon.RunQueue.RunQueue")
ax_name(Storage, b"Axon.Sinks.Storage")
ax_name(OutboxFields, b"Axon.Postbox.OutboxFields")
ax_name(DirectFields, b"Axon.DirectSinks.DirectFields")
ax_name(LateFields, b"Axon.LateMessages.LateFields")
ax_name(BoxMethods, b"Axon.BoxMethods.BoxMethods")
ax_name(Timers, b"Axon.Timers.Timers")
ax_name(LinkageFields, b"Axon.Linkage.LinkageFields")
ax_name(MessageWait, b"Axon.MessageWaits.MessageWait")
