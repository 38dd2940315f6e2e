package io.signalbox.server.routing;

import static io.signalbox.server.routing.Subscriptions.topic;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.Behaviour;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.Qos;
import org.junit.jupiter.api.Test;

class MessageTest {
  private static final long NOW = 1_700_000_000_000L;

  private static Message message(Properties properties, long expiresAtMillis) {
    return new Message(
        topic("a/b"),
        Qos.AT_LEAST_ONCE,
        false,
        properties,
        expiresAtMillis,
        new byte[100],
        null,
        "");
  }

  @Test
  void expiresAtItsTime() {
    Message message = message(Properties.NONE, NOW + 10_000);

    assertFalse(message.isExpired(NOW + 9_999));
    assertTrue(message.isExpired(NOW + 10_000));
  }

  @Test
  void tellsWhatRemainsRoundedUp() {
    Message message = message(Properties.NONE, NOW + 10_000);

    assertEquals(10, message.remainingExpirySeconds(NOW));
    assertEquals(10, message.remainingExpirySeconds(NOW + 999));
    assertEquals(9, message.remainingExpirySeconds(NOW + 1_000));
    assertEquals(1, message.remainingExpirySeconds(NOW + 9_999));
    assertEquals(0, message.remainingExpirySeconds(NOW + 20_000));
  }

  @Test
  @Behaviour(72)
  void remainderDoesNotGrowWhenTheWallClockIsSetBack() {
    Message message = message(Properties.NONE, NOW + 10_000);

    assertEquals(5, message.remainingExpirySeconds(NOW + 5_000));
    assertEquals(5, message.remainingExpirySeconds(NOW));
    assertEquals(5, message.remainingExpirySeconds(NOW - 86_400_000));
    assertEquals(4, message.remainingExpirySeconds(NOW + 6_000));
  }

  @Test
  void neverExpiresWithoutAnInterval() {
    Message message = message(Properties.NONE, Message.NEVER_EXPIRES);

    assertFalse(message.isExpired(Long.MAX_VALUE - 1));
    assertEquals(Message.NO_EXPIRY, message.remainingExpirySeconds(NOW));
  }

  @Test
  void encodesItsPropertiesOnceForAllReceivers() {
    Message message =
        message(
            Properties.builder().put(Property.CONTENT_TYPE, "t").build(), Message.NEVER_EXPIRES);

    assertArrayEquals(new byte[] {0x03, 0, 1, 't'}, message.encodedProperties());
    assertSame(message.encodedProperties(), message.encodedProperties());
    assertEquals(0, message(Properties.NONE, NOW).encodedProperties().length);
  }

  @Test
  void weighsPayloadTopicAndProperties() {
    Message plain = message(Properties.NONE, NOW);
    Message described =
        message(Properties.builder().put(Property.CONTENT_TYPE, "text/plain").build(), NOW);

    assertTrue(plain.bytes() >= 103, () -> plain.bytes() + " bytes");
    assertTrue(described.bytes() >= plain.bytes() + 13, () -> described.bytes() + " bytes");
  }
}
