# Makes .venv beside the README and installs into it; sourced by quickstart and check.
# Nothing outside of this folder is touched, except that a Debian or Ubuntu machine without the
# venv module of its Python gets that package.

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python3.10; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Python 3.10 or newer is needed; set PYTHON to its path." >&2
    exit 1
}

make_venv() {
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        echo "Installing $package, which this Python lacks."
        as_root=""
        [ "$(id -u)" -eq 0 ] || as_root=sudo
        $as_root apt-get update -qq && $as_root apt-get install -qq -y "$package"
    fi
    "$python" -m venv .venv
}

# install WHAT: "." or ".[test]", with the versions that were tested.
# Most of what is installed is never imported: what is, is compiled when it is. That halves the
# time, unless it would be compiled again by every process.
install() {
    [ -x .venv/bin/python ] || make_venv
    compile=--no-compile
    [ -z "${PYTHONDONTWRITEBYTECODE:-}" ] || compile=--compile
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$compile" \
        --constraint constraints.txt --editable "$1"
}
