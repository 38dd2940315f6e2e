package io.signalbox.server.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.TopicName;
import org.junit.jupiter.api.Test;

final class OutgoingAliasesTest {
  @Test
  void givesOutAliasesUntilTheMaximumIsReached() throws InvalidTopicException {
    OutgoingAliases aliases = new OutgoingAliases(2);
    assertEquals(OutgoingAliases.NONE, aliases.known(TopicName.of("a")));
    assertEquals(1, aliases.assign(TopicName.of("a")));
    assertEquals(2, aliases.assign(TopicName.of("b")));
    assertEquals(OutgoingAliases.NONE, aliases.assign(TopicName.of("c")));
    assertEquals(1, aliases.known(TopicName.of("a")));
    assertEquals(2, aliases.known(TopicName.of("b")));
  }

  @Test
  void aClientThatOffersNoneGetsNone() throws InvalidTopicException {
    OutgoingAliases aliases = new OutgoingAliases(0);
    assertEquals(OutgoingAliases.NONE, aliases.assign(TopicName.of("a")));
    assertEquals(OutgoingAliases.NONE, aliases.known(TopicName.of("a")));
  }

  @Test
  void anAliasThatWasNotSentIsGivenAgain() throws InvalidTopicException {
    OutgoingAliases aliases = new OutgoingAliases(5);
    assertEquals(1, aliases.assign(TopicName.of("a")));
    aliases.takeBack(TopicName.of("a"));
    assertEquals(1, aliases.assign(TopicName.of("b")));
  }
}
