"""What can go wrong on the script's side."""


class RunLogError(ValueError):
    """A script tried to log something that cannot be kept."""


class RunEnvironmentError(RuntimeError):
    """A script that was not started by a sweep insists on being part of one."""


class RunStopped(BaseException):
    """This run has been told to stop; raised by the next `Run.log` of a function run.

    It is no `Exception`, so that a training loop's own ``except Exception`` does not swallow
    it. Catch it to save a checkpoint, and raise it again; the run has the grace time of the
    sweep to do so.
    """
