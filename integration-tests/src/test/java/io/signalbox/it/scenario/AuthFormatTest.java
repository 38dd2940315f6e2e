package io.signalbox.it.scenario;

import static io.signalbox.it.wire.PacketBytes.auth;
import static io.signalbox.it.wire.PropertyBytes.AUTHENTICATION_DATA;
import static io.signalbox.it.wire.PropertyBytes.AUTHENTICATION_METHOD;
import static io.signalbox.it.wire.PropertyBytes.REASON_STRING;
import static io.signalbox.it.wire.PropertyBytes.USER_PROPERTY;
import static io.signalbox.it.wire.PropertyBytes.authenticationData;
import static io.signalbox.it.wire.PropertyBytes.authenticationMethod;
import static io.signalbox.it.wire.PropertyBytes.reasonString;
import static io.signalbox.it.wire.PropertyBytes.userProperty;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.PacketType;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Every property of AUTH: twice, in the wrong packet and cut short (section 3.15.2.2). Each AUTH
 * but for that would renew the token with which the client is connected.
 */
final class AuthFormatTest {
  private static final byte[] METHOD = authenticationMethod("JWT");
  private static final byte[] DATA =
      authenticationData(AccessTest.ALICE.getBytes(StandardCharsets.US_ASCII));
  private static final byte[] REASON = reasonString("r");
  private static final Set<Integer> ALLOWED =
      Set.of(AUTHENTICATION_METHOD, AUTHENTICATION_DATA, REASON_STRING, USER_PROPERTY);

  @RegisterExtension
  final Clients clients = new Clients(AccessTest.BROKER, Transport.TLS, Version.V5);

  private Peer alice() {
    Peer peer = clients.peer();
    peer.connect(connect -> connect.with(METHOD, DATA));
    return peer;
  }

  private void assertEnded(List<byte[]> properties, int... reasonCodes) {
    Peer peer = alice();
    peer.send(auth(0x19, properties.toArray()));
    peer.expectDisconnect(reasonCodes);
  }

  @Test
  @Spec("MQTT-4.13.1-1")
  @Behaviour({39, 42})
  void aSecondOneOfASingleKindIsAProtocolError() {
    assertEnded(List.of(METHOD, METHOD, DATA), 0x82);
    assertEnded(List.of(METHOD, DATA, DATA), 0x82);
    assertEnded(List.of(METHOD, DATA, REASON, REASON), 0x82);
  }

  @Test
  @Spec("MQTT-4.13.1-1")
  @Behaviour({40, 42})
  void oneThatBelongsElsewhereIsMalformed() {
    PropertyFormatTest.ALL.forEach(
        (identifier, property) -> {
          if (!ALLOWED.contains(identifier)) {
            assertEnded(List.of(METHOD, DATA, property), 0x81, 0x82);
          }
        });
  }

  @Test
  @Behaviour(41)
  void oneCutShortIsMalformed() {
    for (byte[] last :
        List.of(METHOD, authenticationData((byte) 1), REASON, userProperty("k", "v"))) {
      for (int length = 1; length < last.length; length++) {
        List<byte[]> properties = new ArrayList<>(List.of(METHOD, DATA));
        properties.removeIf(whole -> whole[0] == last[0]);
        properties.add(Arrays.copyOf(last, length));
        assertEnded(properties, 0x81);
      }
    }
  }

  @Test
  @Behaviour({39, 40, 41})
  void everyPropertyThatBelongsThereIsTaken() {
    Peer peer = alice();
    peer.send(auth(0x19, METHOD, DATA, REASON, userProperty("k", "v"), userProperty("k", "v")));
    peer.receive(PacketType.AUTH);
  }
}
