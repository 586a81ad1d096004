"""One Apache Kafka broker that is its own controller (KRaft), run from Maven's jars."""

import hashlib
import os
import shutil
import socket
import subprocess
import uuid
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from native.child import Child
from native.credentials import BROKER, Credentials, needed, write
from native.find import HINT, Missing, java
from native.paths import KAFKA_CLASSES, KAFKA_JARS, NATIVE
from native.trouble import Trouble
from native.waiting import until

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=33554432
log.index.size.max.bytes=1048576
log.segment.delete.delay.ms=1000
"""
# Clients sign in by SCRAM over TLS, controllers show each other the broker's certificate; nobody may do what no entry
# allows, but for the operator's account and the broker itself.
SAFE = """\
listeners=CLIENTS://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=CLIENTS://127.0.0.1:{port}
listener.security.protocol.map=CLIENTS:SASL_SSL,CONTROLLER:SSL
inter.broker.listener.name=CLIENTS
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.clients.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
username="admin" password="{admin}";
listener.name.controller.ssl.client.auth=required
listener.name.controller.ssl.principal.mapping.rules=RULE:^CN=([a-z-]+),.*$/$1/
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={authority}
ssl.enabled.protocols=TLSv1.3,TLSv1.2
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:{broker}
allow.everyone.if.no.acl.found=false
"""
ITERATIONS = 4_096
USERS = ("admin", "provider-sync", "identity", "ledger", "receipts")
LOGGING = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true"]
MACHINE_CERTIFICATES = Path("/etc/ssl/certs/java/cacerts")
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}


@dataclass(frozen=True)
class Kafka:
    """One broker in a folder of ours."""

    folder: Path
    port: int
    controller_port: int
    durable: bool = True
    heap: str = "512m"
    options: tuple[str, ...] = ()
    credentials: Credentials | None = None

    @property
    def address(self) -> str:
        """What clients connect to."""
        return f"127.0.0.1:{self.port}"

    def address_of(self, user: str) -> str:
        """What a service connects to, under its own name."""
        credentials = needed(self.credentials)
        password = credentials.password(f"kafka-{user}")
        return f"kafkas://{user}:{password}@{self.address}?ca={quote(str(credentials.authority))}"

    @property
    def child(self) -> Child:
        """The broker's process."""
        return Child("kafka", self.folder)

    def start(self) -> None:
        """Write the settings, format the folder when it is new, and start the broker."""
        fetch_jars()
        data, settings = self.folder / "kafka", self.folder / "kafka.properties"
        data.mkdir(parents=True, exist_ok=True)
        write(settings, self._properties(data.absolute()))
        if not (data / "meta.properties").exists():
            _format(settings, self.credentials)
        self.child.start([*self._java(), "kafka.Kafka", str(settings)], ENVIRONMENT, self.folder)

    def wait(self, seconds: float = 90) -> None:
        """Return when the broker accepts connections; the listener opens once it is registered."""
        until(self._answers, seconds, "Kafka's start")

    def stop(self) -> None:
        """Stop the broker cleanly."""
        self.child.stop()

    def _answers(self) -> bool:
        self.child.must_live()
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def _properties(self, data: Path) -> str:
        plain = PROPERTIES.format(port=self.port, controller_port=self.controller_port, data=data)
        if self.credentials is None:
            return plain
        keystore = self.folder / "kafka-keystore.pem"
        write(keystore, self.credentials.key.read_text() + self.credentials.certificate.read_text())
        # What is said twice counts as it is said last.
        return plain + SAFE.format(
            port=self.port, controller_port=self.controller_port, keystore=keystore, broker=BROKER,
            authority=self.credentials.authority, admin=self.credentials.password("kafka-admin"),
        )  # fmt: skip

    def _java(self) -> list[str]:
        # The quick compiler starts in half the time; only a run that lasts earns the thorough one.
        compiler = [] if self.durable else ["-XX:TieredStopAtLevel=1"]
        return _jvm(f"-Xmx{self.heap}", f"-Xms{self.heap}", *compiler, *(self.options or _classes()))


def fetch_jars() -> None:
    """Let Maven fetch the broker's jars, unless they are there for this very pom."""
    stamp, pom = KAFKA_JARS / ".complete", NATIVE / "pom.xml"
    if stamp.exists() and stamp.read_text() == pom.read_text():
        return
    if not shutil.which("mvn"):
        raise Missing(f"Maven, which fetches Kafka, was not found. {HINT}")
    command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
    if subprocess.run([*command, f"-DoutputDirectory={KAFKA_JARS}"], check=False, env=_maven()).returncode:
        raise Trouble("Maven could not fetch Kafka; its words stand above")
    stamp.write_text(pom.read_text())


def _maven() -> dict[str, str]:
    """Maven runs on the Java that was found, and trusts whom this machine trusts."""
    options = [os.environ.get("MAVEN_OPTS", "")]
    if MACHINE_CERTIFICATES.exists():
        options.append(f"-Djavax.net.ssl.trustStore={MACHINE_CERTIFICATES}")
    return {**os.environ, "JAVA_HOME": str(java().resolve().parents[1]), "MAVEN_OPTS": " ".join(options).strip()}


def _format(settings: Path, credentials: Credentials | None) -> None:
    users = [_scram(user, credentials.password(f"kafka-{user}")) for user in USERS] if credentials else []
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    command = [*_jvm("-Xmx128m", "-XX:TieredStopAtLevel=1", *_classes()), "kafka.tools.StorageTool", "format"]
    subprocess.run(
        # With the sign of equality: one id in sixty-four begins with a hyphen and would be read as another option.
        [*command, f"--cluster-id={cluster}", f"--config={settings}", *users],
        check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _classes() -> list[str]:
    """The file of classes that `native install` keeps; Java says nothing when it does not fit, and reads the jars."""
    return [f"-XX:SharedArchiveFile={KAFKA_CLASSES}", "-Xlog:cds*=off"] if KAFKA_CLASSES.exists() else []


def _scram(user: str, password: str) -> str:
    """A user as the broker stores it: salted and iterated here, so that no list of processes shows the password."""
    salt = os.urandom(24)
    salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    texts = (b64encode(salt).decode(), b64encode(salted).decode())
    return "--add-scram=SCRAM-SHA-512=[name={},iterations={},salt={},saltedpassword={}]".format(
        user, ITERATIONS, *texts
    )


def _jvm(*options: str) -> list[str]:
    return [str(java()), "-XX:+UseSerialGC", *options, *LOGGING, "-cp", f"{KAFKA_JARS}/*"]
