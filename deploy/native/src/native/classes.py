"""The broker's classes, read and linked once: with the file Java maps, a start takes a third of the time.

A broker of its own is started for it, once for a checkout and a Java; without the file all works, only slower.
"""

import hashlib
import subprocess
import tempfile
from pathlib import Path

from native.find import java
from native.kafka import Kafka, fetch_jars
from native.paths import KAFKA_CLASSES, KAFKA_JARS
from native.servers import free_ports
from native.trouble import Trouble


def keep_classes() -> None:
    """Write the file anew unless it is of these very jars and this Java."""
    fetch_jars()
    stamp, now = KAFKA_CLASSES.with_suffix(".of"), _of()
    if KAFKA_CLASSES.exists() and stamp.exists() and stamp.read_text() == now:
        return
    KAFKA_CLASSES.unlink(missing_ok=True)
    ports = free_ports()
    with tempfile.TemporaryDirectory() as folder:
        keeping = (f"-XX:ArchiveClassesAtExit={KAFKA_CLASSES}",)
        broker = Kafka(Path(folder), ports.kafka, ports.kafka_controller, options=keeping)
        try:
            broker.start()
            broker.wait()
        except Trouble:
            return
        finally:
            broker.stop()
    stamp.write_text(now)


def _of() -> str:
    """The jars, where they are, and Java's version."""
    version = subprocess.run([java(), "-version"], check=True, capture_output=True).stderr
    jars = "".join(f"{jar} {jar.stat().st_mtime_ns}\n" for jar in sorted(KAFKA_JARS.glob("*.jar")))
    return hashlib.sha256(version + jars.encode()).hexdigest()
