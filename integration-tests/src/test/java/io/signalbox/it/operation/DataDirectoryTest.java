package io.signalbox.it.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** One data directory belongs to one broker; commands reach the data through it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class DataDirectoryTest {
  private final BrokerUnderTest broker = BrokerUnderTest.start("data", BrokerConfig.open());

  @RegisterExtension final Clients clients = new Clients(broker, Transport.TCP, Version.V5);

  @TempDir Path elsewhere;

  @BeforeAll
  void isSound() {
    CommandLine.Result check = command("store", "check");
    assertTrue(check.out().contains("the store is sound"), check.toString());
  }

  @AfterAll
  void close() {
    broker.close();
  }

  private CommandLine.Result command(String... words) {
    String[] all = java.util.Arrays.copyOf(words, words.length + 2);
    all[words.length] = "--data";
    all[words.length + 1] = broker.dataFolder().toString();
    return CommandLine.signalbox(all);
  }

  @Test
  @Behaviour(313)
  void refusesASecondBrokerAndNamesTheFirst() {
    CommandLine.Result second = broker.refusedStart();
    assertEquals(1, second.exitCode(), second.toString());
    assertTrue(second.err().contains("is in use by process " + broker.pid()), second.toString());
    clients.connected().ping();
  }

  /**
   * Behind a folder of mode 0700 it is one more fence; in a copy elsewhere it may be the only one.
   */
  @Test
  void keepsToItsOwnerWhatIsNoCertificateAlsoInABackup() throws Exception {
    Path backup = elsewhere.resolve("modes");
    command("backup", backup.toString()).expectSuccess();
    for (Path folder : List.of(broker.dataFolder(), backup)) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path file : all.toList()) {
          boolean isPublic =
              file.toString().endsWith(".crt")
                  || file.resolveSibling(".").normalize().endsWith("store/native");
          boolean isFolder = Files.isDirectory(file);
          String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
          if (isFolder || !isPublic) {
            assertEquals(isFolder ? "rwx------" : "rw-------", mode, file::toString);
          }
        }
      }
    }
  }

  @Test
  void refusesToRepairOrPutAsideWhatABrokerUses() {
    for (String command : new String[] {"repair", "quarantine"}) {
      CommandLine.Result refused = command("store", command);
      assertEquals(1, refused.exitCode(), refused.toString());
      assertTrue(refused.err().contains("in use by process " + broker.pid()), refused.toString());
    }
  }

  @Test
  void copiesUnderLoadWhatWasAcknowledgedBefore() throws Exception {
    Peer device = clients.peer();
    device.resume(600);
    device.subscribe("load/#", 1);
    device.disconnect();
    var stop = new AtomicBoolean();
    var acknowledged = new AtomicInteger();
    Peer publisher = clients.connected();
    Thread load =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!stop.get()) {
                    publisher.publish("load/1", 1, "" + acknowledged.get());
                    acknowledged.incrementAndGet();
                  }
                });
    while (acknowledged.get() < 200) {
      Thread.onSpinWait();
    }
    int before = acknowledged.get();
    Path copy = elsewhere.resolve("copy");
    command("backup", copy.toString()).expectSuccess();
    stop.set(true);
    load.join();
    assertTrue(acknowledged.get() > before, "the broker went on meanwhile");
    assertTrue(command("store", "check").expectSuccess().out().contains("sound"));

    Path restored = elsewhere.resolve("restored");
    CommandLine.signalbox("restore", copy.toString(), "--data", restored.toString())
        .expectSuccess();
    try (BrokerUnderTest other =
        BrokerUnderTest.startOn("restored", BrokerConfig.open(), restored)) {
      var there = new Clients(other, Transport.TCP, Version.V5);
      Peer back = there.keep(there.peer(device.clientId()));
      assertTrue(back.resume(600).sessionPresent());
      for (int i = 0; i < before; i++) {
        back.acknowledge(back.receivePublish("" + i));
      }
      back.close();
    }
  }
}
