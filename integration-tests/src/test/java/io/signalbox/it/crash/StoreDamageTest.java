package io.signalbox.it.crash;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A data file that was damaged while the broker was away is refused by its name and left alone, so
 * that nobody takes a part of the messages for all of them.
 */
@Timeout(400)
class StoreDamageTest {
  private static final int PAGE = 4_096;

  private interface Damage {
    byte[] to(byte[] file);
  }

  @Test
  void aFileThatLostPartOfItsLastPageIsRefused() throws IOException {
    refuses(file -> Arrays.copyOf(file, file.length - PAGE / 2));
  }

  @Test
  void aFileWhoseFirstMetaPageIsGarbageIsRefused() throws IOException {
    refuses(file -> withGarbage(file, 0));
  }

  @Test
  void aFileWhoseSecondMetaPageIsGarbageIsRefused() throws IOException {
    refuses(file -> withGarbage(file, PAGE));
  }

  private static byte[] withGarbage(byte[] file, int at) {
    byte[] damaged = file.clone();
    byte[] garbage = new byte[PAGE];
    new Random(at).nextBytes(garbage);
    System.arraycopy(garbage, 0, damaged, at, PAGE);
    return damaged;
  }

  private static void refuses(Damage damage) throws IOException {
    try (BrokerUnderTest broker =
        BrokerUnderTest.start("damage", CrashBroker.config(), CrashBroker.launch())) {
      try (Peer subscriber = peer(broker, "sub");
          Peer publisher = peer(broker, "pub")) {
        subscriber.resume(3_600);
        subscriber.subscribe("damage/#", 1);
        subscriber.disconnect();
        publisher.connect();
        publisher.publish("damage/1", 1, "kept");
      }
      broker.kill9();
      Path dataFile = NativeDisk.dataFile(broker);
      byte[] sound = Files.readAllBytes(dataFile);
      byte[] damaged = damage.to(sound);
      Files.write(dataFile, damaged);
      CommandLine.Result result = broker.refusedStart();
      assertNotEquals(0, result.exitCode());
      assertTrue(result.err().contains(dataFile.toString()), result.err());
      assertArrayEquals(damaged, Files.readAllBytes(dataFile));

      Files.write(dataFile, sound);
      broker.restart();
      try (Peer subscriber = peer(broker, "sub")) {
        assertTrue(subscriber.resume(3_600).sessionPresent());
        subscriber.receivePublish("kept");
      }
    }
  }

  private static Peer peer(BrokerUnderTest broker, String clientId) throws IOException {
    return new Peer(RawClient.open(broker.endpoint(Transport.TCP), Version.V5), clientId);
  }
}
