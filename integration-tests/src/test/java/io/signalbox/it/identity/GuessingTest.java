package io.signalbox.it.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whoever guesses credentials is turned away by address: over MQTT, at the admin API and at
 * enrolment. Each broker here allows a few failures a minute; a guess takes less time than to earn
 * one back, even on a busy machine.
 */
final class GuessingTest {
  private static final int FAILURES = 3;
  private static final int GUESSES_MAX = 30;
  private static final int BAD_CREDENTIALS = 0x86;
  private static final int NOT_AUTHORIZED = 0x87;

  private static BrokerUnderTest broker(String name) {
    return BrokerUnderTest.start(
        name,
        BrokerConfig.allowingAll()
            .listener(Transport.TCP, true, "none")
            .listener(Transport.WSS, true, "optional")
            .yaml("limits: { failures-per-minute-per-source: " + FAILURES + " }"));
  }

  private static boolean turnedAway(BrokerUnderTest broker) {
    try (RawClient wire = RawClient.open(broker.endpoint(Transport.TCP), Version.V5)) {
      Peer peer = new Peer(wire, Clients.unique("g"));
      wire.sendIfOpen(
          io.signalbox.it.wire.PacketBytes.connect(Version.V5).clientId(peer.clientId()));
      return wire.poll(RawClient.PATIENCE) == null;
    } catch (IOException e) {
      return true;
    }
  }

  @Test
  @Behaviour(254)
  void ofPasswordsOverMqtt() throws Exception {
    try (var broker = broker("guess-mqtt")) {
      int guesses = 0;
      while (!turnedAway(broker)) {
        assertTrue(++guesses < GUESSES_MAX, "nobody was turned away");
        try (Peer peer =
            new Peer(RawClient.open(broker.endpoint(Transport.TCP), Version.V5), "guess")) {
          assertEquals(
              BAD_CREDENTIALS,
              peer.tryConnect(c -> c.userName("ann").password("guess")).reasonCode());
        }
      }
      assertTrue(guesses >= FAILURES, "turned away too early");
    }
  }

  @Test
  @Behaviour(254)
  void whatAGoodCredentialMayNotDoIsNoGuess() throws Exception {
    try (var broker = broker("no-guess")) {
      for (int i = 0; i < 2 * FAILURES; i++) {
        try (Peer peer =
            new Peer(RawClient.open(broker.endpoint(Transport.TCP), Version.V5), "denied")) {
          assertEquals(
              NOT_AUTHORIZED, peer.tryConnect(c -> c.will("$SYS/will", 0, false, "")).reasonCode());
        }
      }
      assertFalse(turnedAway(broker));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-H 'Authorization: Bearer guess' /api/v1/devices",
        "-H 'Authorization: Bearer guess' -H 'Via: 1.1 proxy' /metrics",
        "-u batch:guess -H 'Content-Type: application/pkcs10' -d $(openssl req -new -newkey ec"
            + " -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /CN=x -outform DER"
            + " 2>/dev/null | base64 -w0) /.well-known/est/simpleenroll"
      })
  @Behaviour(254)
  void ofTokensByHttp(String request) {
    int space = request.lastIndexOf(' ');
    try (var broker = broker("guess-http")) {
      // One curl, which would use one connection for all.
      String url =
          " https://localhost:"
              + broker.endpoint(Transport.WSS).address().getPort()
              + request.substring(space + 1);
      String curl =
          "curl -sS --cacert \"$0\" -w ' %{http_code} ' -o /dev/null "
              + request.substring(0, space)
              + (url + " -o /dev/null").repeat(FAILURES)
              + " 2>&1";
      // The last answer is on its way before its guess counts: then it is curl that is turned away.
      int rounds = 0;
      boolean guessed = false;
      while (!turnedAway(broker)) {
        assertTrue(++rounds < GUESSES_MAX, "nobody was turned away");
        String answers =
            CommandLine.run(List.of("sh", "-c", curl, broker.caFile().toString())).out();
        guessed |= answers.contains(" 401 ");
        assertTrue(guessed, answers);
      }
      assertTrue(guessed, "turned away before a guess");
    }
  }
}
