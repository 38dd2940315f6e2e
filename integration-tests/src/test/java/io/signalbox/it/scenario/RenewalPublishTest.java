package io.signalbox.it.scenario;

import static io.signalbox.it.scenario.AuthBroker.token;
import static io.signalbox.it.wire.PacketType.CONNACK;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PropertyBytes.authenticationData;
import static io.signalbox.it.wire.PropertyBytes.authenticationMethod;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.Metrics;
import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.SocketWire;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import io.signalbox.it.wire.WebSocketClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Renewals by a PUBLISH, on a broker that has room for two exchanges at a time. */
final class RenewalPublishTest {
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final String RENEW = "$signalbox/auth/renew";
  private static final byte[] RUBBISH = "not.a.token".getBytes(US_ASCII);
  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "renewal-publish",
          AuthBroker.config("  exchanges-max: 2\n").listener(Transport.WS, false, "none"));

  @RegisterExtension final Clients clients = new Clients(BROKER, Transport.WS, Version.V5);

  @AfterAll
  static void stop() {
    BROKER.close();
  }

  private Peer connected() {
    Peer peer = clients.peer();
    peer.connect(connect -> connect.password(token("ann", LONG, "clients")));
    return peer;
  }

  private static int renew(Peer peer, byte[] token) {
    peer.send(peer.publish(RENEW).qos(1, peer.newPacketId()).payload(token));
    return peer.receive(PUBACK).reasonCode();
  }

  private void assertThatNoPlaceIsTaken() {
    Eventually.succeeds(
        () -> {
          long open = Metrics.of(BROKER).total("signalbox_authentication_exchanges");
          assertEquals(0, open, "exchanges under way");
          return open;
        });
    Peer other = clients.peer();
    other.send(
        PacketBytes.connect(Version.V5)
            .clientId(other.clientId())
            .with(authenticationMethod("JWT"), authenticationData(token("bob", LONG, "clients"))));
    assertEquals(0, other.receive(CONNACK).reasonCode());
  }

  @Test
  void renewalsGiveTheirPlacesBackGoodAndBad() {
    Peer peer = connected();
    for (int i = 0; i < 3; i++) {
      assertEquals(0, renew(peer, token("ann", LONG, "clients")));
    }
    assertThatNoPlaceIsTaken();
    for (byte[] bad : List.of(RUBBISH, new byte[0], token("bob", LONG, "clients"))) {
      assertEquals(0x87, renew(peer, bad));
    }
    assertThatNoPlaceIsTaken();
  }

  @Test
  void aClientThatGoesWithItsRenewalUnderWayGivesThePlaceBack() {
    for (int i = 0; i < 3; i++) {
      Peer peer = connected();
      peer.send(
          peer.publish(RENEW).qos(1, peer.newPacketId()).payload(token("ann", LONG, "clients")));
      peer.close();
    }
    assertThatNoPlaceIsTaken();
  }

  @Test
  void aTokenThatCameWithTheWebSocketRequestIsRenewedToo() throws IOException {
    Endpoint endpoint = BROKER.endpoint(Transport.WS);
    var socket = clients.keep(new WebSocketClient(SocketWire.open(endpoint)));
    List<String> request =
        WebSocketClient.upgradeRequest(endpoint, "/mqtt", socket.newKey(), "mqtt");
    request.add("Authorization: Bearer " + new String(token("ann", LONG, "clients"), US_ASCII));
    assertEquals(101, socket.request(request).status());
    socket.sendBinary(PacketBytes.connect(Version.V5).clientId(Clients.unique("w")).toBytes());
    assertEquals(0, socket.receive().payload()[3], "the Reason Code of CONNACK");
    for (byte[] fresh : List.of(token("ann", LONG, "clients"), RUBBISH)) {
      socket.sendBinary(PacketBytes.publish(Version.V5, RENEW).qos(1, 1).payload(fresh).toBytes());
      byte[] pubAck = socket.receive().payload();
      // Fixed Header, Remaining Length, Packet Identifier; success may end there
      int reasonCode = pubAck.length == 4 ? 0 : pubAck[4] & 0xFF;
      assertEquals(fresh == RUBBISH ? 0x87 : 0, reasonCode);
    }
  }
}
