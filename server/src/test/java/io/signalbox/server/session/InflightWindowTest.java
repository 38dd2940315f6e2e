package io.signalbox.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.eventloop.CountedMemory;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.routing.Subscriptions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class InflightWindowTest {
  private final CountedMemory memory = new CountedMemory();
  private final InflightWindow window = new InflightWindow(10_000, memory);

  @Test
  void packetIdentifiersGoInTurnAndWrapPast65535() {
    int last = 0;
    for (int i = 1; i <= 65_535; i++) {
      last = window.freePacketId();
      assertEquals(i, last);
    }
    assertEquals(1, window.freePacketId(), "0 is no packet identifier");
  }

  @Test
  void skipsIdentifiersInUseAfterTheWrap() {
    OutgoingPublish slow = add(window.freePacketId());
    for (int i = 2; i <= 65_535; i++) {
      window.freePacketId();
    }
    assertEquals(2, window.freePacketId(), "1 is still in use");
    window.remove(slow);
    assertFalse(window.uses(1));
  }

  @Test
  void holdsAllIdentifiersAtOnce() {
    for (int i = 1; i <= 65_535; i++) {
      add(window.freePacketId());
    }
    assertEquals(65_535, window.size());
    assertFalse(window.hasRoom());
    OutgoingPublish one = window.get(40_000);
    window.remove(one == null ? publish(0) : one);
    assertTrue(window.hasRoom());
    assertEquals(40_000, window.freePacketId(), "the only one that is free");
  }

  @Test
  void receiveMaximumBoundsIt() {
    window.open(2, memory);
    add(1);
    assertTrue(window.hasRoom());
    add(2);
    assertFalse(window.hasRoom());
  }

  @Test
  void behavesAsAMapThatKeepsTheOrderOfSending() {
    Random random = new Random(7);
    Map<Integer, OutgoingPublish> model = new LinkedHashMap<>();
    for (int step = 0; step < 20_000; step++) {
      int id = 1 + random.nextInt(300) * 64; // many share the low bits
      if (model.containsKey(id)) {
        OutgoingPublish gone = model.remove(id);
        assertSame(gone, window.get(id));
        window.remove(gone);
        assertNull(window.get(id));
      } else {
        model.put(id, add(id));
      }
      assertEquals(model.size(), window.size());
    }
    OutgoingPublish next = window.first();
    for (OutgoingPublish expected : model.values()) {
      assertSame(expected, next);
      assertSame(expected, window.get(expected.packetId));
      next = expected.next;
    }
    assertNull(next);
    window.clear();
    assertEquals(0, window.size());
    assertNull(window.first());
  }

  @Test
  void messagesThatOthersGetAtTheEndAreBoundedInBytesButForOneOfAnySize() throws Exception {
    OutgoingPublish large = sent(1, 20_000);
    assertTrue(window.hasRoom());
    window.add(large);
    assertFalse(window.hasRoom());
    assertFalse(window.isShortOfMemory(), "an acknowledgement makes room");
    assertEquals(large.bytes(), memory.held());
    window.remove(large);
    assertTrue(window.hasRoom());
    assertEquals(0, memory.held());
    window.add(sent(2, 1_000));
    assertTrue(window.hasRoom());
    memory.eighthsUsed(7);
    assertFalse(window.hasRoom(), "the memory of all is spent");
    assertTrue(window.isShortOfMemory());
    window.clear();
    assertTrue(window.hasRoom());
    assertEquals(0, memory.held());
  }

  private static OutgoingPublish sent(int packetId, int payloadBytes) throws Exception {
    OutgoingPublish publish = OutboundQueueTest.publish(payloadBytes);
    publish.group = Subscriptions.group("g");
    publish.packetId = packetId;
    publish.sent();
    return publish;
  }

  @Test
  void whatNobodyElseGetsIsNotKeptOnceItIsSent() throws Exception {
    OutgoingPublish publish = OutboundQueueTest.publish(20_000);
    publish.packetId = 1;
    publish.sent();
    assertNull(publish.message);
    window.add(publish);
    assertTrue(window.hasRoom());
    assertEquals(0, memory.held());
  }

  private OutgoingPublish add(int packetId) {
    OutgoingPublish publish = publish(packetId);
    window.add(publish);
    return publish;
  }

  private static OutgoingPublish publish(int packetId) {
    OutgoingPublish publish =
        new OutgoingPublish(null, Qos.AT_LEAST_ONCE, false, new int[0], null, 0, 0);
    publish.packetId = packetId;
    return publish;
  }
}
