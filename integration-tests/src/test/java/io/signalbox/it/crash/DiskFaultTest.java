package io.signalbox.it.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.PacketType;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A disk that fails below the running broker ({@link NativeDisk}). */
@Timeout(400)
class DiskFaultTest {
  private static final int DISK_FAILED = 4;
  private static final int QUOTA_EXCEEDED = 0x97;

  @TempDir Path folder;

  private BrokerUnderTest start(NativeDisk disk) {
    BrokerUnderTest broker = BrokerUnderTest.prepare("disk", CrashBroker.config());
    broker.restart(disk.under(CrashBroker.launch(), NativeDisk.dataFile(broker)));
    return broker;
  }

  /** What happens to the disk. */
  private enum Blow {
    WRITE_FAILS,
    WRITE_IS_SHORT,
    SYNC_FAILS,
    NO_SPACE,
    FILLED_BY_OTHERS,
    BELOW_RESERVE,
  }

  /**
   * Under the load and the oracle of {@link CrashTest}, as the next one. What follows a failed sync
   * is the worst that is known of real systems: the pages that were to be synced are marked clean
   * and are gone, so the next process finds the image of {@link Journal}. After a full disk the
   * broker goes on, until the power is cut.
   */
  @Test
  @Timeout(600)
  void nothingAcknowledgedIsLostWhenWritesOrSyncsFail() throws Exception {
    strike(
        Blow.WRITE_FAILS,
        Blow.WRITE_IS_SHORT,
        Blow.SYNC_FAILS,
        Blow.WRITE_FAILS,
        Blow.WRITE_IS_SHORT,
        Blow.SYNC_FAILS);
  }

  @Test
  @Timeout(600)
  void nothingAcknowledgedIsLostWhenTheDiskIsFull() throws Exception {
    strike(
        Blow.NO_SPACE,
        Blow.BELOW_RESERVE,
        Blow.SYNC_FAILS,
        Blow.FILLED_BY_OTHERS,
        Blow.BELOW_RESERVE);
  }

  private void strike(Blow... all) throws Exception {
    var blows = new ArrayDeque<Blow>(List.of(all));
    long seed = Long.getLong("crash.seed", System.nanoTime());
    System.out.println("crash.seed=" + seed);
    NativeDisk disk = NativeDisk.in(folder);
    var chance = new Random(seed);
    try (BrokerUnderTest broker = BrokerUnderTest.prepare("disk", CrashBroker.config())) {
      Path dataFile = NativeDisk.dataFile(broker);
      var journal = new Journal(folder.resolve("image"));
      broker.restart(disk.journaled(CrashBroker.launch(), dataFile));
      var run = new CrashRun(broker, seed);
      String summary =
          run.play(
              blows.size(),
              struck -> {
                switch (blows.remove()) {
                  case WRITE_FAILS -> fail(struck, disk, NativeDisk.WRITE_ERRNO, chance);
                  case WRITE_IS_SHORT -> {
                    disk.set(NativeDisk.WRITE_SHORT, 1);
                    fail(struck, disk, NativeDisk.SYNC_ERRNO, chance);
                  }
                  case SYNC_FAILS -> fail(struck, disk, NativeDisk.SYNC_ERRNO, chance);
                  case NO_SPACE ->
                      playWithoutRoom(
                          run,
                          struck,
                          disk,
                          () -> disk.set(NativeDisk.WRITE_ERRNO, NativeDisk.ENOSPC));
                  case FILLED_BY_OTHERS ->
                      playWithoutRoom(
                          run,
                          struck,
                          disk,
                          () -> disk.set(NativeDisk.WRITE_SHORT, NativeDisk.FULL));
                  case BELOW_RESERVE -> {
                    run.playWhileFull(() -> disk.set(NativeDisk.FREE_MIB, 1 + 8), true, disk::heal);
                    struck.kill9();
                  }
                }
                disk.heal();
                journal.cut(disk.journal(), chance);
                journal.restore(dataFile);
              });
      System.out.println("crash.seed=" + seed + ": " + summary);
    } catch (AssertionError e) {
      throw new AssertionError("-Dcrash.seed=" + seed + ": " + e.getMessage(), e);
    }
  }

  private static void playWithoutRoom(
      CrashRun run, BrokerUnderTest struck, NativeDisk disk, Runnable fill) {
    int failures = disk.get(NativeDisk.FAILURES);
    run.playWhileFull(
        () -> {
          fill.run();
          NativeDisk.await(() -> disk.get(NativeDisk.FAILURES) > failures, "the disk was not used");
        },
        false, // where even what makes room finds none, all wait
        disk::heal);
    struck.kill9();
  }

  private static void fail(BrokerUnderTest struck, NativeDisk disk, int how, Random chance) {
    disk.set(NativeDisk.WRITES_SPARED, chance.nextInt(20));
    disk.set(how, NativeDisk.EIO);
    assertEquals(DISK_FAILED, struck.awaitExit(), "exit code");
    struck.awaitLog("nothing is acknowledged any more");
  }

  /** As from a supervisor that lost its patience: it still learns why the broker ended. */
  @Test
  void aStopThatIsToldWhileTheBrokerGivesUpDoesNotHideThatTheDiskFailed() throws Exception {
    NativeDisk disk = NativeDisk.in(folder);
    try (BrokerUnderTest broker = start(disk);
        Peer publisher = peer(broker, Version.V5, "pub")) {
      publisher.resume(3_600);
      disk.set(NativeDisk.SYNC_ERRNO, NativeDisk.EIO);
      publisher.send(PacketBytes.subscribe(Version.V5, 9).filter("kept", 1));
      broker.awaitLog("the store failed, the broker stops"); // and waits for its client to leave
      assertEquals(DISK_FAILED, broker.stop(), "exit code");
      assertEquals(
          List.of(),
          broker.logFrom(0).stream().filter(line -> line.contains("internal error")).toList());
    }
  }

  @Test
  void aFullDiskIsToldToPublishersAndPassesWithoutARestart() throws Exception {
    NativeDisk disk = NativeDisk.in(folder);
    try (BrokerUnderTest broker = start(disk)) {
      fullAndEmptyAgain(broker, disk, () -> disk.set(NativeDisk.WRITE_ERRNO, NativeDisk.ENOSPC));
    }
  }

  /**
   * Of several pages at once the first ones find room: LMDB takes that for an error of the disk.
   */
  @Test
  void aDiskThatOthersFillToTheLastByteIsFullAndNotBroken() throws Exception {
    NativeDisk disk = NativeDisk.in(folder);
    try (BrokerUnderTest broker = start(disk)) {
      fullAndEmptyAgain(broker, disk, () -> disk.set(NativeDisk.WRITE_SHORT, NativeDisk.FULL));
      assertTrue(disk.get(NativeDisk.CUT_SHORT) > 0, "no write was cut short");
      List<String> told =
          broker.logFrom(0).stream().filter(line -> line.contains("a write failed")).toList();
      assertEquals(1, told.size(), () -> "once, until there is room: " + told);
      assertTrue(told.getFirst().contains("0 bytes free"), told::getFirst);
    }
  }

  /** As where room is found only when pages are written back. */
  @Test
  void aSyncThatFindsNoRoomDoesNotEndTheBroker() throws Exception {
    NativeDisk disk = NativeDisk.in(folder);
    try (BrokerUnderTest broker = start(disk)) {
      fullAndEmptyAgain(
          broker,
          disk,
          () -> {
            disk.set(NativeDisk.WRITE_SHORT, NativeDisk.FULL);
            disk.set(NativeDisk.SYNC_ERRNO, NativeDisk.ENOSPC);
          });
    }
  }

  /** What was to be synced is perhaps lost, and nobody tells a second time. */
  @Test
  void aSyncThatFailsEndsTheBrokerAlthoughTheDiskIsFull() throws Exception {
    NativeDisk disk = NativeDisk.in(folder);
    try (BrokerUnderTest broker = start(disk);
        Peer client = peer(broker, Version.V5, "client")) {
      client.resume(3_600);
      disk.set(NativeDisk.FREE_MIB, 1);
      disk.set(NativeDisk.SYNC_ERRNO, NativeDisk.EIO);
      client.disconnect(); // its session's time begins, also without room
      assertEquals(DISK_FAILED, broker.awaitExit(), "exit code");
    }
  }

  @Test
  void aDiskWithLessThanItsReserveIsToldToPublishersAndPassesWithoutARestart() throws Exception {
    NativeDisk disk = NativeDisk.in(folder);
    try (BrokerUnderTest broker = start(disk)) {
      fullAndEmptyAgain(broker, disk, () -> disk.set(NativeDisk.FREE_MIB, 1 + 8));
    }
  }

  /** Before, while and after the disk is full; subscriber and oracle are one QoS 2 session. */
  private static void fullAndEmptyAgain(BrokerUnderTest broker, NativeDisk disk, Runnable fill)
      throws IOException {
    long pid = broker.pid();
    var taken = new ArrayList<String>();
    try (Peer heir = peer(broker, Version.V5, "heir")) {
      heir.resume(3_600);
      heir.subscribe("will", 1);
    }
    try (Peer mourned = peer(broker, Version.V5, "mourned");
        Peer witness = peer(broker, Version.V5, "witness");
        Peer subscriber = peer(broker, Version.V5, "sub");
        Peer changing = peer(broker, Version.V5, "changing");
        Peer publisher = peer(broker, Version.V5, "pub")) {
      mourned.connect(connect -> connect.will("will", 1, false, "last words"));
      witness.connect();
      witness.subscribe("will", 0);
      subscriber.resume(3_600);
      subscriber.subscribe("full/#", 2);
      subscriber.disconnect();
      changing.resume(3_600);
      changing.subscribe("changing", 1);
      publisher.resume(3_600);
      assertEquals(0, publish(publisher, 1, taken));
      assertEquals(0, publish(publisher, 2, taken));
      fill.run();
      publishUntil(QUOTA_EXCEEDED, publisher, taken);
      assertEquals(QUOTA_EXCEEDED, publish(publisher, 2, taken));
      changing.send(PacketBytes.subscribe(Version.V5, 9).filter("changing", 2));
      assertEquals(List.of(QUOTA_EXCEEDED), changing.receive(PacketType.SUBACK).reasonCodes());
      try (Peer old = peer(broker, Version.V3, "old")) {
        old.connect();
        old.send(old.publish("full/3").qos(1, 9).payload("refused"));
        old.ping(); // its message is with the store
        assertEquals(QUOTA_EXCEEDED, publish(publisher, 1, taken)); // and was refused before this
        mourned.wire().reset(); // its will was accepted while there was room
        witness.receivePublish("last words");
        disk.heal(); // 3.1.1 cannot be told no: it waits for room
        old.expectClosed(); // so that it sends again
      }
      publishUntil(0, publisher, taken);
      publisher.publish("changing", 1, "as before");
      changing.receivePublish("as before");
      try (Peer back = peer(broker, Version.V5, "sub")) {
        assertTrue(back.resume(3_600).sessionPresent());
        var all = new ArrayList<Parsed>();
        for (String payload : taken) {
          all.add(back.receivePublish(payload));
        }
        all.forEach(back::acknowledge);
        back.ping();
      }
    }
    try (Peer heir = peer(broker, Version.V5, "heir")) {
      heir.resume(3_600);
      heir.receivePublish("last words");
    }
    assertEquals(pid, broker.pid());
  }

  /** The broker looks at the disk a hundred times a second, so soon is not at once. */
  private static void publishUntil(int reasonCode, Peer publisher, List<String> taken) {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (publish(publisher, 1, taken) != reasonCode) {
      assertTrue(System.nanoTime() < deadline, "the broker does not notice the disk");
    }
  }

  private static int publish(Peer publisher, int qos, List<String> taken) {
    int packetId = publisher.newPacketId();
    String payload = "message " + packetId;
    publisher.send(publisher.publish("full/1").qos(qos, packetId).payload(payload));
    Parsed ack = publisher.receive(qos == 1 ? PacketType.PUBACK : PacketType.PUBREC);
    assertEquals(packetId, ack.packetId());
    if (ack.reasonCode() == 0) {
      taken.add(payload);
    } else {
      assertEquals(QUOTA_EXCEEDED, ack.reasonCode(), ack::toString);
    }
    return ack.reasonCode();
  }

  private static Peer peer(BrokerUnderTest broker, Version version, String clientId)
      throws IOException {
    return new Peer(RawClient.open(broker.endpoint(Transport.TCP), version), clientId);
  }
}
