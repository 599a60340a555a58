# Does nothing where gankit is installed; elsewhere, as in Colab, installs it from the
# wheel beside this notebook (upload gankit-*.whl, or open the notebook on a mounted
# drive) or from the address in GANKIT_SOURCE.
import glob
import importlib.util
import os
import subprocess
import sys

if importlib.util.find_spec("gankit") is None:
    drive = "/content/drive/MyDrive/**/gankit-*.whl"
    wheels = glob.glob("gankit-*.whl") or glob.glob(drive, recursive=True)
    source = os.environ.get("GANKIT_SOURCE") or next(iter(sorted(wheels)[::-1]), None)
    if source is None:
        raise SystemExit(
            "gankit is not installed: upload the gankit-*.whl that your teacher hands "
            "out (made by make handout) beside this notebook and run this cell again."
        )
    named = f"gankit[lesson] @ {source}" if "://" in source else f"{source}[lesson]"
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", named], check=True)
    importlib.invalidate_caches()
