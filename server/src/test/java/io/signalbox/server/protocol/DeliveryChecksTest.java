package io.signalbox.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.server.auth.AccessDecision;
import io.signalbox.server.auth.Authentication;
import io.signalbox.server.auth.CredentialCheck;
import io.signalbox.server.auth.SubscribeDecision;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.RetainHandling;
import io.signalbox.server.packet.Subscribe;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.topic.TopicFilter;
import io.signalbox.server.topic.TopicName;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A message is checked at its delivery where a subscription asks for it, and nowhere else. */
final class DeliveryChecksTest {
  private static final int MESSAGES = 100;

  @TempDir Path data;

  private final ManualLoops loops = new ManualLoops(1, 1);
  private int checks;

  /** Subscriptions to topics below "part/" are granted with a part denied. */
  private final class Counting extends SimulatedBroker.AllowAll {
    @Override
    public SubscribeDecision subscribe(
        @Nullable String shareName, TopicFilter filter, Qos requested) {
      return new SubscribeDecision(true, requested, filter.toString().startsWith("part/"), "", "");
    }

    @Override
    public AccessDecision receive(TopicName topic) {
      checks++;
      return super.receive(topic);
    }

    @Override
    public AccessDecision delivery(TopicName topic) {
      checks++;
      return super.delivery(topic);
    }
  }

  private int checksOfMessagesTo(String topic, String filter) throws Exception {
    try (World world =
        World.open(
            data.resolve(topic.replace('/', '-')),
            loops,
            (_, _, _, answer) -> answer.accept(new Authentication.Accepted(Principal.anonymous())),
            new SimulatedBroker.NoExchanges(),
            CredentialCheck.NOTHING_IS_TAKEN_BACK,
            (_, _, _, _, _, _) -> new Counting())) {
      var connection =
          new FakeConnection(loops, loops.loops.getFirst(), ProtocolVersion.V5, world.protocol());
      send(
          connection,
          new Connect(ProtocolVersion.V5, "c", true, 60, null, null, null, Properties.NONE));
      var options = new SubscriptionOptions(Qos.AT_MOST_ONCE, false, false, RetainHandling.SEND);
      send(
          connection,
          new Subscribe(1, List.of(new RequestedSubscription(filter, options)), Properties.NONE));
      checks = 0;
      for (int i = 0; i < MESSAGES; i++) {
        send(
            connection,
            new Publish(
                SimulatedBroker.topic(topic),
                Qos.AT_MOST_ONCE,
                false,
                false,
                0,
                Properties.NONE,
                "x".getBytes(UTF_8)));
      }
      assertEquals(MESSAGES, connection.sent.stream().filter(Publish.class::isInstance).count());
      return checks;
    }
  }

  private void send(FakeConnection connection, Packet packet) {
    connection.loop().execute(() -> connection.receive(packet));
    while (loops.step()) {}
  }

  @Test
  void aSubscriptionThatIsAllowedAsAWholeCostsNoCheck() throws Exception {
    assertEquals(0, checksOfMessagesTo("whole/t", "whole/#"));
  }

  @Test
  void aSubscriptionWithADeniedPartIsCheckedMessageByMessage() throws Exception {
    assertEquals(MESSAGES, checksOfMessagesTo("part/t", "part/#"));
  }
}
