package io.signalbox.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.cli.CommandFailure;
import io.signalbox.server.control.ControlSocket;
import io.signalbox.server.store.StoreFixture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands around a data directory, while a broker holds it and while none does. */
final class DataDirectoryTest {
  @TempDir Path base;

  private final DataDirectory tools = new DataDirectory();
  private Path data = Path.of("");

  @BeforeEach
  void fill() throws Exception {
    data = Files.createDirectories(base.resolve("data"));
    Path key = Files.createDirectories(data.resolve("pki")).resolve("ca.key");
    Files.writeString(key, "secret");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    try (var fixture = StoreFixture.open(DataDirectory.store(data))) {
      fixture.writeRetained(50);
    }
  }

  @Test
  void restoresWhatItCopied() throws Exception {
    tools.backup(data, base.resolve("copy"));
    Path restored = base.resolve("restored");
    String said = tools.restore(base.resolve("copy"), restored).text();
    assertTrue(said.contains("the store is sound"), said);
    try (var fixture = StoreFixture.open(DataDirectory.store(restored))) {
      assertEquals(50, fixture.store.totals().retainedMessages());
    }
    Path key = restored.resolve("pki").resolve("ca.key");
    assertEquals("secret", Files.readString(key));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(key)));
  }

  @Test
  void restoresTheBackupOfAnOlderProgramInThisOnesFormat() throws Exception {
    try (var fixture = StoreFixture.open(DataDirectory.store(data))) {
      fixture.becomeFormat1();
    }
    tools.backup(data, base.resolve("copy"));
    Path restored = base.resolve("restored");
    String said = tools.restore(base.resolve("copy"), restored).text();
    assertTrue(said.contains("the store is sound"), said);
    assertTrue(tools.check(restored).sound());
    try (var fixture = StoreFixture.open(DataDirectory.store(restored))) {
      assertEquals(50, fixture.store.totals().retainedMessages());
    }
    CommandFailure old = assertThrows(CommandFailure.class, () -> tools.check(data));
    assertTrue(String.valueOf(old.getMessage()).contains("has format 1"), old::toString);
  }

  @Test
  void asksTheBrokerThatHoldsTheDirectory() throws Exception {
    try (var fixture = StoreFixture.open(DataDirectory.store(data));
        var _ = ControlSocket.open(data, DataDirectory.requests(data, fixture.store))) {
      assertEquals(
          "rwx------",
          PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("control"))));
      assertTrue(tools.check(data).sound());
      tools.backup(data, base.resolve("copy"));
      CommandFailure again =
          assertThrows(CommandFailure.class, () -> tools.backup(data, base.resolve("copy")));
      assertTrue(String.valueOf(again.getMessage()).contains("is not empty"), again::toString);
      CommandFailure inUse = assertThrows(CommandFailure.class, () -> tools.repair(data));
      assertTrue(String.valueOf(inUse.getMessage()).contains("is in use by"), inUse::toString);
    }
    assertFalse(Files.exists(base.resolve("copy").resolve("control")));
    try (var fixture = StoreFixture.open(DataDirectory.store(base.resolve("copy")))) {
      assertEquals(50, fixture.store.totals().retainedMessages());
    }
  }

  @Test
  void takesASocketThatAKilledBrokerLeftForNoBroker() throws Exception {
    Path folder = Files.createDirectories(data.resolve("control"));
    try (var channel =
        java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
      channel.bind(java.net.UnixDomainSocketAddress.of(folder.resolve("broker.sock")));
    }
    assertTrue(tools.check(data).sound());
  }

  @Test
  void restoresNothingOverWhatIsThere() throws Exception {
    tools.backup(data, base.resolve("copy"));
    CommandFailure refused =
        assertThrows(CommandFailure.class, () -> tools.restore(base.resolve("copy"), data));
    assertTrue(String.valueOf(refused.getMessage()).contains("is not empty"), refused::toString);
    CommandFailure none =
        assertThrows(CommandFailure.class, () -> tools.restore(base, base.resolve("new")));
    assertTrue(String.valueOf(none.getMessage()).contains("holds no whole"), none::toString);
  }
}
