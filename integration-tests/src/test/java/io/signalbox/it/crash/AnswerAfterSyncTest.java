package io.signalbox.it.crash;

import static io.signalbox.it.wire.PropertyBytes.messageExpiry;
import static io.signalbox.it.wire.PropertyBytes.receiveMaximum;
import static io.signalbox.it.wire.PropertyBytes.sessionExpiry;
import static io.signalbox.it.wire.PropertyBytes.willDelay;
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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * On a disk whose syncs take their time, no answer comes before the transaction that it stands for
 * has reached the disk. A broker that answers early is seen at once, without a kill in the few
 * microseconds that it would take.
 */
@Timeout(400)
class AnswerAfterSyncTest {
  private static final int SYNC_MILLIS = 60;

  @TempDir static Path folder;
  private static NativeDisk disk;
  private static BrokerUnderTest broker;

  private final List<Peer> peers = new ArrayList<>();

  @BeforeAll
  @Timeout(400)
  static void start() {
    disk = NativeDisk.in(folder);
    broker =
        BrokerUnderTest.prepare(
            "sync",
            CrashBroker.config()
                .listener(Transport.WS, true, "none")
                .listenerYaml(Transport.WS, "durability: lazy"));
    broker.restart(disk.under(CrashBroker.launch(), NativeDisk.dataFile(broker)));
  }

  @AfterAll
  static void stop() {
    if (broker != null) {
      broker.close();
    }
  }

  @BeforeEach
  void slow() {
    disk.set(NativeDisk.SYNC_MILLIS, SYNC_MILLIS);
  }

  @AfterEach
  void fast() {
    disk.heal();
    peers.forEach(Peer::close);
  }

  private Peer peer(Version version, String clientId) throws IOException {
    return peer(Transport.TCP, version, clientId);
  }

  private Peer peer(Transport transport, Version version, String clientId) throws IOException {
    Peer peer = new Peer(RawClient.open(broker.endpoint(transport), version), clientId);
    peers.add(peer);
    return peer;
  }

  private static Peer lasting(Peer peer) {
    peer.resume(3_600);
    return peer;
  }

  /** Runs an exchange that must not end before one more commit is on the disk. */
  private static void takesACommit(Runnable exchange) {
    int before = commits();
    exchange.run();
    assertTrue(disk.get(NativeDisk.COMMITS) > before, "the answer came before the sync");
  }

  /** Commits so far, with none under way. */
  private static int commits() {
    NativeDisk.await(() -> disk.get(NativeDisk.SYNCS_WAITING) == 0, "syncs do not end");
    return disk.get(NativeDisk.COMMITS);
  }

  @ParameterizedTest
  @EnumSource
  void everyAnswerToAPublisher(Version version) throws IOException {
    String name = "to-publisher" + version.level();
    lasting(peer(version, name + "-sub")).subscribe(name + "/#", 2);
    Peer publisher = lasting(peer(version, name));
    takesACommit(() -> publisher.publish(name + "/1", 1, "queued"));
    int packetId = publisher.newPacketId();
    takesACommit(
        () -> {
          publisher.send(publisher.publish(name + "/2").qos(2, packetId).payload("queued"));
          publisher.expectAck(PacketType.PUBREC, packetId);
        });
    takesACommit(
        () -> {
          publisher.send(PacketBytes.pubRel(packetId));
          publisher.expectAck(PacketType.PUBCOMP, packetId);
        });
    takesACommit(() -> publisher.publishRetained("kept/" + name, 1, "value"));
    takesACommit(() -> publisher.publishRetained("kept/" + name, 1, ""));
  }

  @ParameterizedTest
  @EnumSource
  void aQos2PublishWithoutReceiverFromALastingSession(Version version) throws IOException {
    Peer publisher = lasting(peer(version, "nobody-hears" + version.level()));
    int packetId = publisher.newPacketId();
    takesACommit(
        () -> {
          publisher.send(publisher.publish("nobody/hears").qos(2, packetId).payload("x"));
          publisher.receive(PacketType.PUBREC);
        });
  }

  @ParameterizedTest
  @EnumSource
  void everyChangeOfASession(Version version) throws IOException {
    String name = "session" + version.level();
    Peer client = peer(version, name);
    takesACommit(() -> client.resume(3_600));
    takesACommit(() -> client.subscribe(name + "/#", 1));
    takesACommit(() -> client.unsubscribe(name + "/#"));
    Peer again = peer(version, name);
    takesACommit(() -> assertTrue(again.resume(3_600).sessionPresent()));
  }

  @ParameterizedTest
  @EnumSource
  void theEndOfASessionByCleanStart(Version version) throws IOException {
    String name = "clean" + version.level();
    lasting(peer(version, name)).subscribe(name + "/#", 1);
    Peer anew = peer(version, name);
    takesACommit(() -> anew.connect());
  }

  @ParameterizedTest
  @EnumSource
  void theConnackOfAWill(Version version) throws IOException {
    Peer client = peer(version, "will" + version.level());
    takesACommit(
        () ->
            client.connect(
                connect ->
                    version.isV5()
                        ? connect
                            .with(sessionExpiry(100))
                            .will("will/topic", 1, false, "gone", willDelay(50))
                        : connect.cleanStart(false).will("will/topic", 1, false, "gone")));
  }

  /** Nothing else of its client is on disk. */
  @ParameterizedTest
  @EnumSource
  void theConnackOfAWillWhoseSessionEndsWithTheConnection(Version version) throws IOException {
    String name = "brief-will" + version.level();
    Peer first = peer(version, name + "-qos");
    takesACommit(() -> first.connect(connect -> connect.will("will/topic", 1, false, "gone")));
    Peer second = peer(version, name + "-retain");
    takesACommit(() -> second.connect(connect -> connect.will("will/topic", 0, true, "gone")));
  }

  /** Of what others do commits may come by chance, but not again and again. */
  @ParameterizedTest
  @EnumSource
  void nothingWaitsWhereNothingHasToSurvive(Version version) throws IOException {
    String name = "brief" + version.level();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    int before;
    do {
      assertTrue(System.nanoTime() < deadline, "something waited for a commit");
      before = commits();
      Peer subscriber = peer(version, name + "-sub");
      subscriber.connect(connect -> connect.will("will/topic", 0, false, "gone"));
      subscriber.subscribe(name, 2);
      Peer publisher = peer(version, name);
      publisher.connect();
      publisher.publish(name, 1, "one");
      subscriber.acknowledge(subscriber.receivePublish("one"));
      publisher.publish(name, 2, "two");
      subscriber.acknowledge(subscriber.receivePublish("two"));
      subscriber.unsubscribe(name);
      subscriber.disconnect();
      publisher.disconnect();
    } while (disk.get(NativeDisk.COMMITS) > before);
  }

  @ParameterizedTest
  @EnumSource
  void theDeliveryOfWhatALastingSessionPublishesWithQos2(Version version) throws IOException {
    String name = "from-lasting" + version.level();
    Peer subscriber = peer(version, name + "-sub");
    subscriber.connect();
    subscriber.subscribe(name, 0);
    Peer publisher = lasting(peer(version, name));
    int before = commits();
    publisher.send(publisher.publish(name).qos(2, 7).payload("once"));
    subscriber.receivePublish("once");
    assertTrue(disk.get(NativeDisk.COMMITS) > before, "it came before its identifier was on disk");
    publisher.expectAck(PacketType.PUBREC, 7);
  }

  @ParameterizedTest
  @EnumSource
  void whatGoesToAQos2Subscriber(Version version) throws IOException {
    String name = "to-subscriber" + version.level();
    Peer subscriber = lasting(peer(version, name + "-sub"));
    subscriber.subscribe(name, 2);
    Peer publisher = peer(version, name + "-pub");
    publisher.connect();
    int before = commits();
    publisher.send(publisher.publish(name).qos(2, 7).payload("once"));
    Parsed publish = subscriber.receivePublish("once");
    assertTrue(disk.get(NativeDisk.COMMITS) > before, "PUBLISH came before its row was on disk");
    publisher.expectAck(PacketType.PUBREC, 7);
    takesACommit(
        () -> {
          subscriber.send(PacketBytes.pubRec(publish.packetId()));
          assertEquals(publish.packetId(), subscriber.receive(PacketType.PUBREL).packetId());
        });
  }

  /**
   * Else a crash would leave the row of the one that expired; it would be taken for one that was
   * sent, and come again behind its successor.
   */
  @Test
  void whatFollowsAMessageThatExpiredBeforeItWasSent() throws IOException {
    String name = "behind-expired";
    Peer subscriber = peer(Version.V5, name + "-sub");
    subscriber.connect(c -> subscriber.persistent(c, 3_600).with(receiveMaximum(1)));
    subscriber.subscribe(name, 2);
    Peer publisher = peer(Version.V5, name + "-pub");
    publisher.connect();
    publisher.publish(name, 2, "first");
    Parsed first = subscriber.receivePublish("first");
    publisher.publish(name, 2, "short", messageExpiry(1));
    long acknowledged = System.nanoTime();
    publisher.publish(name, 2, "next");
    subscriber.send(PacketBytes.pubRec(first.packetId()));
    subscriber.expectAck(PacketType.PUBREL, first.packetId());
    NativeDisk.await(
        () -> System.nanoTime() - acknowledged > TimeUnit.MILLISECONDS.toNanos(1_100),
        "time stands still");
    takesACommit(
        () -> {
          subscriber.send(PacketBytes.pubComp(first.packetId()));
          subscriber.receivePublish("next");
        });
  }

  /** On a machine that is busy a commit may come first by chance, but not again and again. */
  @ParameterizedTest
  @EnumSource
  void notOfALazyListenerWhoseMessagesAreStoredAllTheSame(Version version) throws IOException {
    String name = "lazy" + version.level();
    Peer subscriber = lasting(peer(version, name + "-sub"));
    subscriber.subscribe(name, 1);
    subscriber.disconnect();
    Peer publisher = peer(Transport.WS, version, name);
    publisher.connect();
    int sent = 0;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    int before;
    do {
      assertTrue(System.nanoTime() < deadline, "each answer waited for a commit");
      before = commits();
      publisher.publish(name, 1, "m" + sent++);
    } while (disk.get(NativeDisk.COMMITS) > before);
    Peer back = peer(version, name + "-sub");
    back.resume(3_600);
    for (int i = 0; i < sent; i++) {
      back.acknowledge(back.receivePublish("m" + i));
    }
  }
}
