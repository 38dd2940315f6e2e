package io.signalbox.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.eventloop.CountedMemory;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.TopicName;
import org.junit.jupiter.api.Test;

final class OutgoingAliasesTest {
  private final CountedMemory memory = new CountedMemory();

  @Test
  void givesOutAliasesUntilTheMaximumIsReached() throws InvalidTopicException {
    OutgoingAliases aliases = new OutgoingAliases(2);
    assertEquals(OutgoingAliases.NONE, aliases.known(TopicName.of("a")));
    assertEquals(1, aliases.assign(TopicName.of("a"), memory));
    assertEquals(2, aliases.assign(TopicName.of("b"), memory));
    assertEquals(OutgoingAliases.NONE, aliases.assign(TopicName.of("c"), memory));
    assertEquals(1, aliases.known(TopicName.of("a")));
    assertEquals(2, aliases.known(TopicName.of("b")));
  }

  @Test
  void aClientThatOffersNoneGetsNone() throws InvalidTopicException {
    OutgoingAliases aliases = new OutgoingAliases(0);
    assertEquals(OutgoingAliases.NONE, aliases.assign(TopicName.of("a"), memory));
    assertEquals(OutgoingAliases.NONE, aliases.known(TopicName.of("a")));
  }

  @Test
  void anAliasThatWasNotSentIsGivenAgain() throws InvalidTopicException {
    OutgoingAliases aliases = new OutgoingAliases(5);
    assertEquals(1, aliases.assign(TopicName.of("a"), memory));
    aliases.takeBack(TopicName.of("a"), memory);
    assertEquals(1, aliases.assign(TopicName.of("b"), memory));
  }

  @Test
  void namesCountUntilTheConnectionEnds() throws InvalidTopicException {
    OutgoingAliases aliases = new OutgoingAliases(2);
    assertEquals(1, aliases.assign(TopicName.of("n".repeat(512)), memory));
    long held = memory.held();
    assertTrue(held > 512);
    assertEquals(2, aliases.assign(TopicName.of("other"), memory));
    aliases.takeBack(TopicName.of("other"), memory);
    assertEquals(held, memory.held());
    aliases.forget(memory);
    assertEquals(0, memory.held());
  }

  @Test
  void aLongNameGetsNoneNorDoesAnyWhileMemoryIsScarce() throws InvalidTopicException {
    OutgoingAliases aliases = new OutgoingAliases(5);
    assertEquals(OutgoingAliases.NONE, aliases.assign(TopicName.of("n".repeat(513)), memory));
    memory.eighthsUsed(6);
    assertEquals(OutgoingAliases.NONE, aliases.assign(TopicName.of("a"), memory));
    assertEquals(0, memory.held());
    memory.eighthsUsed(5);
    assertEquals(1, aliases.assign(TopicName.of("a"), memory));
  }
}
