package io.signalbox.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.eventloop.CountedMemory;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.routing.Message;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.TopicName;
import org.junit.jupiter.api.Test;

final class OutboundQueueTest {
  private final CountedMemory memory = new CountedMemory();

  @Test
  void firstInFirstOut() throws InvalidTopicException {
    OutboundQueue queue = new OutboundQueue(new QueueLimits(10, 1 << 20), memory);
    OutgoingPublish a = publish(1);
    OutgoingPublish b = publish(1);
    queue.add(a);
    queue.add(b);
    assertSame(a, queue.peek());
    queue.removeHead();
    assertSame(b, queue.peek());
    queue.removeHead();
    assertTrue(queue.isEmpty());
    queue.add(a);
    assertSame(a, queue.peek(), "an empty queue starts anew");
  }

  @Test
  void isBoundedInCount() throws InvalidTopicException {
    OutboundQueue queue = new OutboundQueue(new QueueLimits(3, 1 << 20), memory);
    for (int i = 0; i < 3; i++) {
      assertTrue(queue.hasRoomFor(publish(1)));
      queue.add(publish(1));
    }
    assertFalse(queue.hasRoomFor(publish(1)));
    assertFalse(queue.isLow());
    queue.removeHead();
    assertTrue(queue.hasRoomFor(publish(1)));
    queue.removeHead();
    assertTrue(queue.isLow());
    assertEquals(1, queue.size());
  }

  @Test
  void isBoundedInBytesButTakesOneOfAnySize() throws InvalidTopicException {
    OutboundQueue queue = new OutboundQueue(new QueueLimits(1_000, 10_000), memory);
    assertTrue(queue.hasRoomFor(publish(1)));
    queue.add(publish(1_000_000));
    assertFalse(queue.hasRoomFor(publish(1)));
    queue.removeHead();
    assertTrue(queue.hasRoomFor(publish(1)));
    assertEquals(10_000, queue.byteRoom().getAsInt());
  }

  @Test
  void leavesHalfOfItselfToWhatIsPublished() throws InvalidTopicException {
    OutboundQueue queue = new OutboundQueue(new QueueLimits(10, 10_000), memory);
    assertEquals(5, queue.placesLeft());
    assertEquals(1, queue.places(999));
    assertEquals(4, queue.places(4_000), "a large message counts as several");
    queue.add(publish(2_000));
    assertEquals(2, queue.placesLeft());
    queue.add(publish(4_000));
    assertEquals(0, queue.placesLeft());
  }

  @Test
  void subscriptionIdentifiersCountAndAreNotKeptOnceTheyWereSent() throws InvalidTopicException {
    OutboundQueue queue = new OutboundQueue(new QueueLimits(1_000, 10_000), memory);
    Message message = publish(1).message;
    var publish =
        new OutgoingPublish(message, Qos.AT_LEAST_ONCE, false, new int[2_500], null, 0, 0);
    queue.add(publish);
    assertFalse(queue.hasRoomFor(publish(1)));
    assertTrue(memory.held() > 10_000);
    queue.removeHead();
    assertEquals(0, memory.held());
    publish.sent();
    assertEquals(0, publish.subscriptionIdentifiers.length);
  }

  @Test
  void whatGoesFromItsMiddleLeavesTheOthersInOrder() throws InvalidTopicException {
    OutboundQueue queue = new OutboundQueue(new QueueLimits(10, 1 << 20), memory);
    OutgoingPublish first = publish(1);
    OutgoingPublish second = publish(2_000);
    OutgoingPublish third = publish(1);
    OutgoingPublish last = publish(2_000);
    for (OutgoingPublish publish : new OutgoingPublish[] {first, second, third, last}) {
      queue.add(publish);
    }
    queue.removeIf(publish -> publish == second || publish == last);
    assertEquals(2, queue.size());
    assertEquals((1 << 20) - 2 * first.bytes(), queue.byteRoom().getAsInt());
    assertSame(first, queue.peek());
    queue.removeHead();
    assertSame(third, queue.peek());
    queue.removeHead();
    assertTrue(queue.isEmpty());
    queue.add(last);
    queue.removeIf(_ -> true);
    assertTrue(queue.isEmpty());
    assertEquals(0, queue.size());
    assertEquals(0, memory.held());
  }

  @Test
  void countsWhatItHoldsInTheMemoryOfAll() throws InvalidTopicException {
    OutboundQueue queue = new OutboundQueue(new QueueLimits(10, 1 << 20), memory);
    OutgoingPublish first = publish(1_000);
    OutgoingPublish second = publish(2_000);
    queue.add(first);
    queue.add(second);
    assertEquals(first.bytes() + second.bytes(), memory.held());
    queue.removeHead();
    assertEquals(second.bytes(), memory.held());
    queue.clear();
    assertEquals(0, memory.held());
  }

  @Test
  void aLargePayloadCountsOnceInTheMemoryOfAllHoweverManyQueuesHoldIt()
      throws InvalidTopicException {
    int large = 1 << 20;
    OutgoingPublish one = publish(large);
    OutgoingPublish other =
        new OutgoingPublish(one.message, Qos.AT_LEAST_ONCE, false, new int[0], null, 0, 0);
    long apart = 2L * (one.bytes() - large);
    var otherMemory = new CountedMemory();
    OutboundQueue queue = new OutboundQueue(new QueueLimits(10, 1 << 20), memory);
    OutboundQueue second = new OutboundQueue(new QueueLimits(10, 1 << 20), otherMemory);
    queue.add(one);
    second.add(other);
    assertEquals(large + apart, memory.held() + otherMemory.held());
    assertFalse(second.hasRoomFor(publish(1)), "each queue is bounded by all that it holds");
    queue.removeIf(publish -> publish != one);
    queue.removeHead();
    assertEquals(large + apart / 2, memory.held() + otherMemory.held());
    second.clear();
    assertEquals(0, memory.held() + otherMemory.held());
  }

  @Test
  void takesLittleWhileTheMemoryOfAllIsScarceAndNothingWhenItIsSpent()
      throws InvalidTopicException {
    OutboundQueue queue = new OutboundQueue(new QueueLimits(10, 1 << 20), memory);
    memory.eighthsUsed(5);
    assertTrue(queue.hasRoomFor(publish(100_000)));
    queue.add(publish(1));
    assertFalse(queue.isLow(), "others need the memory");
    memory.eighthsUsed(6);
    assertTrue(queue.hasRoomFor(publish(1)));
    assertFalse(queue.hasRoomFor(publish(100_000)));
    memory.eighthsUsed(7);
    assertFalse(queue.hasRoomFor(publish(1)));
    queue.removeHead();
    assertFalse(queue.hasRoomFor(publish(100_000)), "even empty");
    assertTrue(queue.isLow());
    memory.eighthsUsed(0);
    assertTrue(queue.hasRoomFor(publish(100_000)));
  }

  static OutgoingPublish publish(int payloadBytes) throws InvalidTopicException {
    Message message =
        new Message(
            TopicName.of("t"),
            Qos.AT_LEAST_ONCE,
            false,
            Properties.NONE,
            Message.NEVER_EXPIRES,
            new byte[payloadBytes],
            null,
            "");
    return new OutgoingPublish(message, Qos.AT_LEAST_ONCE, false, new int[0], null, 0, 0);
  }
}
