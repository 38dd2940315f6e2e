package io.signalbox.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.signalbox.server.cli.CommandFailure;
import io.signalbox.server.control.ControlClient;
import io.signalbox.server.control.ControlSocket;
import io.signalbox.server.control.RequestFailure;
import io.signalbox.server.store.StoreFiles;
import io.signalbox.server.store.StoreFixture;
import io.signalbox.server.store.StoreRepair;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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

  /** The disk may be full, and the broker waits for room on it. */
  @Test
  void aCopyThatFailsLeavesNothingButItsMark() throws Exception {
    Path copy = base.resolve("copy");
    DataDirectory.StoreCopy fails =
        to -> {
          Files.createDirectories(to);
          Files.writeString(to.resolve("data.mdb"), "half of it");
          throw new IOException("no space left on device");
        };
    String problem =
        String.valueOf(
            assertThrows(IOException.class, () -> DataDirectory.copy(data, copy, fails))
                .getMessage());
    assertTrue(problem.contains("no space left"), problem);
    try (Stream<Path> left = Files.list(copy)) {
      assertEquals(List.of(UnfinishedDirectory.MARK), left.map(p -> "" + p.getFileName()).toList());
    }
    tools.backup(data, copy);
    assertTrue(tools.check(copy).sound());
  }

  @Test
  void aRepairThatLostARowOfTheRegistrySaysThatItMayHaveBeenARevocation() {
    var of = List.of("table REVOKED: a page cannot be read");
    String said = DataDirectory.repaired(new StoreRepair.Report(9, 1, 1, of, data)).text();
    assertTrue(said.contains("may have been a revocation"), said);
    String other = DataDirectory.repaired(new StoreRepair.Report(9, 1, 0, of, data)).text();
    assertFalse(other.contains("may have been"), other);
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

  /** The broker runs as another user, who could not open it. */
  @Test
  void whatRootRestoresBelongsToWhomTheDirectoryBelongs() throws Exception {
    assumeTrue(StoreFiles.isRoots(data), "needs root");
    tools.backup(data, base.resolve("copy"));
    Path restored = Files.createDirectory(base.resolve("restored"));
    Files.setAttribute(restored, "unix:uid", 4_242);
    Files.setAttribute(restored, "unix:gid", 4_243);
    Files.setPosixFilePermissions(restored, PosixFilePermissions.fromString("rwxr-x---"));
    assertTrue(tools.restore(base.resolve("copy"), restored).sound());
    requireOwner(restored, 4_242, 4_243);
    assertEquals("rwxr-x---", mode(restored));
    Files.setAttribute(base.resolve("copy"), "unix:uid", 4_244);
    Path made = base.resolve("made");
    assertTrue(tools.restore(base.resolve("copy"), made).sound());
    requireOwner(made, 4_244, Files.getAttribute(base.resolve("copy"), "unix:gid"));
  }

  /** Else its owner could put links in the way, which root would follow. */
  @Test
  void whatRootRestoresIsRootsUntilAllIsThere() throws Exception {
    assumeTrue(StoreFiles.isRoots(data), "needs root");
    tools.backup(data, base.resolve("copy"));
    tools.backup(data, base.resolve("broken"));
    Files.writeString(DataDirectory.store(base.resolve("broken")).resolve("data.mdb"), "noise");
    Path restored = Files.createDirectory(base.resolve("restored"));
    Files.setAttribute(restored, "unix:uid", 4_242);
    Files.setAttribute(restored, "unix:gid", 4_243);
    Files.setPosixFilePermissions(restored, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThrows(CommandFailure.class, () -> tools.restore(base.resolve("broken"), restored));
    assertTrue(StoreFiles.isRoots(restored));
    assertEquals("rwx------", mode(restored), "what is copied keeps its owner meanwhile");
    assertTrue(StoreFiles.isRoots(restored.resolve("pki")));
    Path link = Files.createSymbolicLink(base.resolve("link"), restored);
    assertTrue(tools.restore(base.resolve("copy"), link).sound());
    requireOwner(restored, 4_242, 4_243);
  }

  @Test
  void aRestoreThatIsRefusedLeavesTheDirectoryWhoseItWas() throws Exception {
    assumeTrue(StoreFiles.isRoots(data), "needs root");
    tools.backup(data, base.resolve("copy"));
    Path restored = base.resolve("restored");
    leaveHalf(restored);
    Files.writeString(restored.resolve("notes"), "mine");
    Files.setAttribute(restored, "unix:uid", 4_242);
    assertThrows(CommandFailure.class, () -> tools.restore(base.resolve("copy"), restored));
    assertEquals(4_242, Files.getAttribute(restored, "unix:uid"));
  }

  @Test
  void aMarkThatLeadsElsewhereIsNotWrittenTo() throws Exception {
    tools.backup(data, base.resolve("copy"));
    Path elsewhere = Files.writeString(base.resolve("elsewhere"), "mine");
    Path restored = Files.createDirectory(base.resolve("restored"));
    Files.createSymbolicLink(restored.resolve(UnfinishedDirectory.MARK), elsewhere);
    assertThrows(CommandFailure.class, () -> tools.restore(base.resolve("copy"), restored));
    assertEquals("mine", Files.readString(elsewhere));
  }

  /** Its user has to get there. */
  @Test
  void whatIsMissingAboveARestoredDirectoryHasTheUsualMode() throws Exception {
    tools.backup(data, base.resolve("copy"));
    Path usual = Files.createDirectory(base.resolve("usual"));
    Path above = base.resolve("missing");
    tools.restore(base.resolve("copy"), above.resolve("too").resolve("restored"));
    for (Path made : List.of(above, above.resolve("too"))) {
      assertEquals(Files.getPosixFilePermissions(usual), Files.getPosixFilePermissions(made));
    }
    assertEquals(
        "rwx------",
        PosixFilePermissions.toString(
            Files.getPosixFilePermissions(above.resolve("too").resolve("restored"))));
  }

  private static String mode(Path directory) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(directory));
  }

  private static void requireOwner(Path directory, Object user, Object group) throws Exception {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.toList()) {
        assertEquals(user, Files.getAttribute(file, "unix:uid"), file::toString);
        assertEquals(group, Files.getAttribute(file, "unix:gid"), file::toString);
      }
    }
  }

  @Test
  void restoresNothingFromADirectoryThatABrokerHolds() throws Exception {
    Path restored = base.resolve("restored");
    try (var _ = StoreFixture.open(DataDirectory.store(data))) {
      CommandFailure refused =
          assertThrows(CommandFailure.class, () -> tools.restore(data, restored));
      assertTrue(
          String.valueOf(refused.getMessage()).contains("\"signalbox backup\""), refused::toString);
      assertFalse(Files.exists(restored));
    }
    Path owner = DataDirectory.store(data).resolve("owner.pid");
    Files.setPosixFilePermissions(owner, PosixFilePermissions.fromString("r--------"));
    assertTrue(tools.restore(data, restored).sound(), "nobody holds it, and it may be read only");
  }

  /** As without a locale the name of any file that is not ASCII. */
  @Test
  void aNameThatTheBrokerCannotUseIsRefusedInWords() throws Exception {
    try (var fixture = StoreFixture.open(DataDirectory.store(data));
        var _ = ControlSocket.open(data, DataDirectory.requests(data, fixture.store))) {
      RequestFailure refused =
          assertThrows(
              RequestFailure.class, () -> ControlClient.ask(data, "backup /backup/\0monday"));
      assertTrue(String.valueOf(refused.getMessage()).contains("LANG=C.UTF-8"), refused::toString);
    }
  }

  /** The default of {@code --data} is relative. */
  @Test
  void aCopyBelowTheDataDirectoryDoesNotHoldItself() throws Exception {
    Path relative = Path.of("").toAbsolutePath().relativize(data.toRealPath());
    Path copy = data.resolve("backup");
    tools.backup(relative, relative.resolve("backup"));
    assertEquals(Set.of("pki", "store"), names(copy));
    assertTrue(tools.check(copy).sound());
    Path link = Files.createSymbolicLink(base.resolve("link"), data);
    tools.backup(link, data.resolve("second"));
    assertFalse(Files.exists(data.resolve("second").resolve("second")));
  }

  @Test
  void aCopyHoldsNoOtherCopyAndSaysWhatItLeftOut() throws Exception {
    Path copies = data.resolve("copies");
    tools.backup(data, copies.resolve("monday"));
    String said = tools.backup(data, copies.resolve("tuesday")).text();
    Path tuesday = copies.resolve("tuesday");
    assertEquals(Set.of("pki", "store", "copies"), names(tuesday));
    assertEquals(Set.of(), names(tuesday.resolve("copies")));
    assertTrue(
        said.contains("left out") && said.contains(copies.resolve("monday").toString()), said);
    assertFalse(said.contains(tuesday.resolve("copies").toString()), said);
  }

  @Test
  void aBrokersCopyBelowItsDataDirectoryHoldsNoOtherEither() throws Exception {
    Path copies = data.resolve("copies");
    try (var fixture = StoreFixture.open(DataDirectory.store(data));
        var _ = ControlSocket.open(data, DataDirectory.requests(data, fixture.store))) {
      tools.backup(data, copies.resolve("monday"));
      String said = tools.backup(data, copies.resolve("tuesday")).text();
      assertTrue(said.contains(copies.resolve("monday").toString()), said);
    }
    assertEquals(Set.of(), names(copies.resolve("tuesday").resolve("copies")));
  }

  /** What a broker does at the worst moments of a copy. */
  @Test
  void aCopyHasTheKeysOfAllAuthoritiesAndTheAuditLogOfAllChangesThatItsStoreHas() throws Exception {
    Path keys = Files.createDirectories(data.resolve("ca"));
    Path audit = Files.createDirectories(data.resolve("audit")).resolve("audit-00000001.log");
    Files.writeString(audit, "old");
    Files.writeString(keys.resolve("removed-1.key"), "1");
    Path copy = base.resolve("copy");
    try (var fixture = StoreFixture.open(DataDirectory.store(data))) {
      DataDirectory.copy(
          data,
          copy,
          target -> {
            Files.writeString(keys.resolve("made-2.key"), "2");
            fixture.store.backup(target);
            Files.move(keys.resolve("removed-1.key"), keys.resolve("removed-1.key.removed"));
            Files.writeString(audit, "old and new");
          });
    }
    assertEquals("1", Files.readString(copy.resolve("ca/removed-1.key")));
    assertEquals("1", Files.readString(copy.resolve("ca/removed-1.key.removed")));
    assertEquals("2", Files.readString(copy.resolve("ca/made-2.key")));
    assertEquals("old and new", Files.readString(copy.resolve("audit/audit-00000001.log")));
  }

  /** A later version may put something there that this one does not know. */
  @Test
  void aCopyHoldsWhateverElseIsThereAndSaysWhatItCannotHold() throws Exception {
    Files.writeString(data.resolve("of-tomorrow"), "1");
    Files.writeString(
        Files.createDirectories(data.resolve("of").resolve("tomorrow")).resolve("file"), "2");
    Path link = Files.createSymbolicLink(data.resolve("link"), data.resolve("pki"));
    String said = tools.backup(data, base.resolve("copy")).text();
    assertTrue(said.contains(link + ": is neither file nor directory"), said);
    tools.restore(base.resolve("copy"), base.resolve("restored"));
    assertEquals(Set.of("pki", "store", "of-tomorrow", "of"), names(base.resolve("restored")));
    assertEquals("2", Files.readString(base.resolve("restored/of/tomorrow/file")));
  }

  /** Nobody but root may look into it. */
  @Test
  void lostAndFoundOfAVolumeIsNoPartOfTheData() throws Exception {
    makeLostAndFound(data);
    Path volume = Files.createDirectories(base.resolve("backup-volume"));
    makeLostAndFound(volume);
    tools.backup(data, volume);
    assertEquals(Set.of("pki", "store", "lost+found"), names(volume));
    assertEquals(Set.of(), names(volume.resolve("lost+found")));
  }

  private static void makeLostAndFound(Path volume) throws Exception {
    Path folder = Files.createDirectory(volume.resolve("lost+found"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
  }

  private static Set<String> names(Path folder) throws Exception {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.map(entry -> entry.getFileName().toString()).collect(Collectors.toSet());
    }
  }

  @Test
  void saysThatTheBrokersCopyIsNowhereToBeSeen() throws Exception {
    try (var _ = ControlSocket.open(data, Map.of("backup", _ -> ""))) {
      CommandFailure elsewhere =
          assertThrows(CommandFailure.class, () -> tools.backup(data, base.resolve("copy")));
      String said = String.valueOf(elsewhere.getMessage());
      assertTrue(said.contains("sees another file system"), said);
      assertTrue(said.contains(base.resolve("copy").toString()), said);
      assertTrue(said.contains("below " + '"' + data + '"'), said);
    }
  }

  /** Else an old copy that only the command sees would pass for the broker's new one. */
  @Test
  void asksNoBrokerForACopyWhereTheCommandSeesOne() throws Exception {
    tools.backup(data, base.resolve("copy"));
    try (var _ = ControlSocket.open(data, Map.of("backup", _ -> ""))) {
      CommandFailure there =
          assertThrows(CommandFailure.class, () -> tools.backup(data, base.resolve("copy")));
      assertTrue(String.valueOf(there.getMessage()).contains("is not empty"), there::toString);
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

  /** As a mounted volume has to be, which nothing can take the place of. */
  @Test
  void fillsTheEmptyDirectoryThatIsThere() throws Exception {
    tools.backup(data, base.resolve("copy"));
    Path volume = Files.createDirectory(base.resolve("volume"));
    makeLostAndFound(volume);
    Object before = key(volume);
    tools.restore(base.resolve("copy"), volume);
    assertEquals(before, key(volume));
    assertEquals(Set.of("pki", "store", "lost+found"), names(volume));
    assertEquals(Set.of("data", "copy", "volume"), names(base));
    DataDirectory.make(volume);
    assertTrue(tools.check(volume).sound());
  }

  private static Object key(Path directory) throws Exception {
    return Files.readAttributes(directory, BasicFileAttributes.class).fileKey();
  }

  @Test
  void noBrokerStartsOnHalfARestoreAndTheNextOneBeginsAnew() throws Exception {
    tools.backup(data, base.resolve("copy"));
    Path restored = base.resolve("restored");
    leaveHalf(restored);
    CommandFailure refused = assertThrows(CommandFailure.class, () -> DataDirectory.make(restored));
    String said = String.valueOf(refused.getMessage());
    assertTrue(said.contains("is not whole") && said.contains("signalbox restore"), said);
    tools.restore(base.resolve("copy"), restored);
    DataDirectory.make(restored);
    assertEquals("secret", Files.readString(restored.resolve("pki").resolve("ca.key")));
    assertEquals(Set.of("pki", "store"), names(restored));
    try (var fixture = StoreFixture.open(DataDirectory.store(restored))) {
      assertEquals(50, fixture.store.totals().retainedMessages());
    }
  }

  /** What the end of a process leaves at its worst: all names there, no content whole. */
  private static void leaveHalf(Path directory) throws Exception {
    try (var _ = UnfinishedDirectory.begin(directory, directory, null)) {
      Path key = Files.createDirectory(directory.resolve("pki")).resolve("ca.key");
      Files.writeString(key, "sec");
      Path store = Files.createDirectory(DataDirectory.store(directory));
      Files.writeString(store.resolve("data.mdb"), "half");
    }
  }

  @Test
  void beginningAnewDeletesNothingThatIsNotOfTheCopy() throws Exception {
    tools.backup(data, base.resolve("copy"));
    Path restored = base.resolve("restored");
    leaveHalf(restored);
    Files.writeString(restored.resolve("notes"), "mine");
    CommandFailure refused =
        assertThrows(CommandFailure.class, () -> tools.restore(base.resolve("copy"), restored));
    assertTrue(String.valueOf(refused.getMessage()).contains("\"notes\""), refused::toString);
    assertEquals("mine", Files.readString(restored.resolve("notes")));
    assertTrue(Files.exists(restored.resolve("pki").resolve("ca.key")));
  }

  @Test
  void halfABackupIsNoneAndTheNextOneBeginsAnew() throws Exception {
    Path copy = base.resolve("copy");
    leaveHalf(copy);
    CommandFailure refused =
        assertThrows(CommandFailure.class, () -> tools.restore(copy, base.resolve("restored")));
    assertTrue(String.valueOf(refused.getMessage()).contains("holds no whole"), refused::toString);
    tools.backup(data, copy);
    assertTrue(tools.restore(copy, base.resolve("restored")).sound());
  }

  @Test
  void twoDoNotFillOneDirectoryAtOnce() throws Exception {
    tools.backup(data, base.resolve("copy"));
    Path restored = base.resolve("restored");
    try (var first = UnfinishedDirectory.begin(restored, base.resolve("copy"), null)) {
      CommandFailure second =
          assertThrows(CommandFailure.class, () -> tools.restore(base.resolve("copy"), restored));
      assertTrue(String.valueOf(second.getMessage()).contains("is being filled"), second::toString);
      first.finish();
    }
    DataDirectory.make(restored);
  }
}
