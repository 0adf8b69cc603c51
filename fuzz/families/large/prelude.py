"""Prelude: the functions and classes of all programs of the family."""

PRELUDE = """
import copy, pickle, threading

class Stop(Exception):
    pass

def stop():
    raise Stop('stop')

def not_within(act):
    '''The function, which does nothing when it is called within itself.'''
    within = []
    def guarded():
        if not within:
            within.append(True)
            try:
                act()
            finally:
                within.pop()
    return guarded

def does(act):
    '''A hook that does something, and changes nothing itself.'''
    act = not_within(act)
    def hook(*args):
        act()
    return hook

def unpacking(act):
    '''An unpack hook that does something.'''
    act = not_within(act)
    def unpack(x):
        act()
        return x
    return unpack

class Acting(torch.autograd.Function):
    '''The identity, whose backward does something.'''
    @staticmethod
    def forward(ctx, x, act):
        ctx.act = not_within(act)
        return x * 1

    @staticmethod
    def backward(ctx, g):
        ctx.act()
        return g, None

def written(x):
    '''Write to a tensor in place, as an optimizer does.'''
    with torch.no_grad():
        x.mul_(1.5)

def kept(x, w):
    '''A product, its operands kept by hooks that give back what they were given.'''
    with torch.autograd.graph.saved_tensors_hooks(lambda x: x.detach() * 1, lambda x: x):
        return x * w

def apart(work):
    '''Do some work in another thread.'''
    found = []
    def run():
        try:
            work()
        except BaseException as error:
            found.append(error)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if found:
        raise found[0]

def values(x):
    '''Copies of the tensors in lists and dictionaries.'''
    if isinstance(x, torch.Tensor):
        return x.detach().clone(memory_format=torch.contiguous_format)
    if isinstance(x, dict):
        return {k: values(v) for k, v in x.items()}
    return [values(v) for v in x] if isinstance(x, list) else x

class once:
    '''A hook that raises the first time.'''
    def __init__(self):
        self.raised = False
    def __call__(self, g):
        if not self.raised:
            self.raised = True
            raise Stop('once')

def odd(seed, *shape, values, dtype=torch.float32, grad=False):
    '''Numbers of which a few are those given.'''
    numbers = np.random.RandomState(seed).randint(-128, 129, shape) / 64
    flat = numbers.reshape(-1)
    values = [float(v) for v in values.split(', ')]
    places = np.random.RandomState(seed + 1).randint(0, flat.size, 2 * len(values)) if flat.size else ()
    for place, value in zip(places, values * 2):
        flat[place] = value
    made = torch.tensor(flat.reshape(shape), dtype=torch.float64).to(dtype)
    return made.requires_grad_() if grad else made
"""
