package io.signalbox.it.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Launch;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.ObjIntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A queue that is larger than the broker's heap: filled, killed with its broker, and read. */
@Timeout(600)
class LargeQueueTest {
  private static final int HEAP_MIB = 48;
  private static final int PAYLOAD_BYTES = 1_000_000;
  private static final int MESSAGES_MAX = 64;
  private static final int TOO_MANY = 5;

  /** By default it could be 16 MiB, and as much again on its way from the disk. */
  private static final int MEMORY_BYTES_MAX = 4 << 20;

  private static final int DEVICES = 150;

  /** Together nine times the heap, in parts that are copied for each device. */
  private static final int PARTS = 300;

  private static final String PART = "x".repeat(10_000);

  private static final Launch SMALL =
      new Launch(List.of("-Xmx" + HEAP_MIB + "m", "-ea:io.signalbox..."), Map.of()).quick();

  @Test
  @Behaviour({138, 146})
  void aQueueLargerThanTheHeapOutlivesTheBrokerWithoutItsOldest() throws IOException {
    try (BrokerUnderTest broker =
        BrokerUnderTest.start(
            "large-queue",
            CrashBroker.config()
                .yaml(
                    "  queue-messages-max: %d\n  queue-overflow: drop-oldest\n"
                            .formatted(MESSAGES_MAX)
                        + "  memory-queue-bytes-max: %d\n".formatted(MEMORY_BYTES_MAX)),
            SMALL)) {
      try (Peer subscriber = peer(broker, "sub");
          Peer publisher = peer(broker, "pub")) {
        subscriber.resume(3_600);
        subscriber.subscribe("large", 1);
        subscriber.disconnect();
        publisher.connect();
        for (int i = 0; i < MESSAGES_MAX + TOO_MANY; i++) {
          publisher.publish("large", 1, payload(i));
        }
      }
      broker.kill9();
      broker.restart();
      try (Peer back = peer(broker, "sub")) {
        assertTrue(back.resume(3_600).sessionPresent());
        for (int i = TOO_MANY; i < MESSAGES_MAX + TOO_MANY; i++) {
          Parsed publish = back.receivePublish(payload(i));
          assertEquals(PAYLOAD_BYTES, publish.payload().length);
          back.acknowledge(publish);
        }
        back.ping();
      }
    }
  }

  /** Nothing of what was sent is in memory until it is acknowledged, however large the window. */
  @Test
  @Behaviour(128)
  void whoAcknowledgesNothingHoldsNoPayloads() throws IOException {
    try (BrokerUnderTest broker =
            BrokerUnderTest.start("large-window", CrashBroker.config(), SMALL);
        Peer clean = peer(broker, "clean");
        Peer lasting = peer(broker, "lasting");
        Peer publisher = peer(broker, "pub")) {
      clean.connect();
      clean.subscribe("large", 1);
      lasting.resume(3_600);
      lasting.subscribe("large", 2);
      publisher.connect();
      for (int i = 0; i < 2 * HEAP_MIB; i++) {
        publisher.publish("large", 2, payload(i));
        clean.receivePublish(payload(i));
        lasting.receivePublish(payload(i));
      }
      lasting.ping();
    }
  }

  /** Each reads from the disk what there is memory for, not what it would read alone. */
  @Test
  @Behaviour(146)
  void aFleetWithFullQueuesComesBackAtOnce() throws Exception {
    try (BrokerUnderTest broker = BrokerUnderTest.start("fleet-back", CrashBroker.config(), SMALL);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < DEVICES; i++) {
        try (Peer device = peer(broker, "device" + i)) {
          device.resume(3_600);
          device.subscribe("fleet", 1);
          device.disconnect();
        }
      }
      try (Peer publisher = peer(broker, "pub")) {
        publisher.connect();
        for (int i = 0; i < PARTS; i++) {
          publisher.publish("fleet", 1, PART + i);
        }
      }
      allAtOnce(
          threads,
          broker,
          _ -> {},
          device -> device.resume(3_600),
          (device, number) -> device.acknowledge(device.receivePublish(PART + number)));
    }
  }

  /** The same for who has no session and is to have all that is retained. */
  @Test
  @Behaviour(190)
  void aFleetAsksForAllRetainedMessagesAtOnce() throws Exception {
    try (BrokerUnderTest broker = BrokerUnderTest.start("fleet-asks", CrashBroker.config(), SMALL);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      try (Peer publisher = peer(broker, "pub")) {
        publisher.connect();
        for (int i = 0; i < PARTS; i++) {
          publisher.publishRetained("kept/%03d".formatted(i), 1, PART + i);
        }
      }
      allAtOnce(
          threads,
          broker,
          Peer::connect,
          device -> device.subscribe("kept/+", 0),
          (device, number) -> device.receivePublish(PART + number));
    }
  }

  /** All come, then all ask, then all read and get each part in order. */
  private static void allAtOnce(
      ExecutorService threads,
      BrokerUnderTest broker,
      Consumer<Peer> comes,
      Consumer<Peer> asks,
      ObjIntConsumer<Peer> reads)
      throws Exception {
    var together = new CyclicBarrier(DEVICES);
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < DEVICES; i++) {
      String clientId = "device" + i;
      all.add(
          threads.submit(
              () -> {
                try (Peer device = slow(broker, clientId)) {
                  comes.accept(device);
                  together.await();
                  asks.accept(device);
                  together.await();
                  for (int part = 0; part < PARTS; part++) {
                    reads.accept(device, part);
                  }
                  device.ping();
                }
                return clientId;
              }));
    }
    for (Future<?> one : all) {
      one.get();
    }
  }

  private static String payload(int number) {
    return "x".repeat(PAYLOAD_BYTES - 3) + (100 + number);
  }

  private static Peer slow(BrokerUnderTest broker, String clientId) throws IOException {
    return new Peer(RawClient.openSlow(broker.endpoint(Transport.TCP), Version.V5), clientId);
  }

  private static Peer peer(BrokerUnderTest broker, String clientId) throws IOException {
    return new Peer(RawClient.open(broker.endpoint(Transport.TCP), Version.V5), clientId);
  }
}
