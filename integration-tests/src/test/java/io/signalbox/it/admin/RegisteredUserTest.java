package io.signalbox.it.admin;

import static io.signalbox.it.wire.PacketBytes.auth;
import static io.signalbox.it.wire.PacketType.AUTH;
import static io.signalbox.it.wire.PacketType.CONNACK;
import static io.signalbox.it.wire.PacketType.PUBACK;
import static io.signalbox.it.wire.PropertyBytes.AUTHENTICATION_DATA;
import static io.signalbox.it.wire.PropertyBytes.authenticationData;
import static io.signalbox.it.wire.PropertyBytes.authenticationMethod;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.ScramClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Users of the registry log in over MQTT, and lose their connection with their entry. */
final class RegisteredUserTest {
  private static final String METHOD = "SCRAM-SHA-256";
  private static final int NOT_AUTHORIZED = 0x87;
  private static final int BAD_PASSWORD = 0x86;

  /** In the users file, with the password "pencil". */
  private static final String FILED =
      "filed writers SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
          + "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
          + "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=\n";

  private static final String POLICY =
      """
      version: 1
      name: users
      description: Everybody connects and writes to a topic of a group.
      match: { everyone: true }
      statements:
        - id: connect
          effect: allow
          actions: [connect]
          clientIds: ["*"]
        - id: publish
          effect: allow
          actions: [publish]
          topics: ["of/${group}"]
      """;

  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "registered-user",
          BrokerConfig.empty()
              .listener(Transport.TCP, false, "none")
              .listener(Transport.WSS, false, "optional")
              .policy("users", POLICY)
              .file("users", FILED)
              .yaml("auth:\n  users-file: users\n"));
  private static final AdminClient ADMIN = AdminClient.administrator(BROKER);

  @RegisterExtension final Clients v5 = new Clients(BROKER, Transport.TCP, Version.V5);
  @RegisterExtension final Clients v3 = new Clients(BROKER, Transport.TCP, Version.V3);

  private static void put(String name, String more) {
    ADMIN.put("/users/" + name, "{" + more + "}");
  }

  private static Peer tried(Clients clients, String user, String password, int code) {
    Peer peer = clients.peer();
    assertEquals(
        code, peer.tryConnect(connect -> connect.userName(user).password(password)).reasonCode());
    return peer;
  }

  private Peer byScram(String user, String password, int code) {
    Peer peer = v5.peer();
    ScramClient scram = new ScramClient(user, password);
    peer.send(
        PacketBytes.connect(Version.V5)
            .clientId(peer.clientId())
            .with(authenticationMethod(METHOD), authenticationData(scram.first())));
    byte[] challenge = peer.receive(AUTH).properties().data(AUTHENTICATION_DATA).orElseThrow();
    peer.send(auth(0x18, authenticationMethod(METHOD), authenticationData(scram.last(challenge))));
    Parsed answer = peer.receive(CONNACK);
    assertEquals(code, answer.reasonCode());
    if (code == 0) {
      byte[] proof = answer.properties().data(AUTHENTICATION_DATA).orElseThrow();
      assertTrue(scram.trusts(proof), "the broker proves that it knows the verifier");
    }
    return peer;
  }

  private static boolean mayPublish(Peer peer, String topic) {
    peer.send(peer.publish(topic).qos(1, peer.newPacketId()).payload("?"));
    return peer.receive(PUBACK).reasonCode() < 0x80;
  }

  @Test
  void logsInByPasswordAndByScramAndIsGoneWhenItIsRemoved() {
    put("ann", "'password':'correct horse','groups':['a']");
    Peer five = tried(v5, "ann", "correct horse", 0);
    Peer three = tried(v3, "ann", "correct horse", 0);
    Peer scram = byScram("ann", "correct horse", 0);
    tried(v5, "ann", "correct mule", BAD_PASSWORD).expectClosed();
    byScram("ann", "correct mule", NOT_AUTHORIZED).expectClosed();
    five.publish("of/a", 1, "as a member");

    ADMIN.delete("/users/ann").expect(204);
    five.expectDisconnect(NOT_AUTHORIZED);
    scram.expectDisconnect(NOT_AUTHORIZED);
    three.expectDisconnect(NOT_AUTHORIZED);
    tried(v5, "ann", "correct horse", BAD_PASSWORD).expectClosed();
    byScram("ann", "correct horse", NOT_AUTHORIZED).expectClosed();
  }

  @Test
  void isCutOffWhileItIsDisabledAndOthersStay() {
    put("ben", "'password':'correct horse'");
    put("eve", "'password':'correct horse'");
    Peer ben = tried(v5, "ben", "correct horse", 0);
    Peer eve = tried(v5, "eve", "correct horse", 0);
    put("ben", "'enabled':false");
    ben.expectDisconnect(NOT_AUTHORIZED);
    tried(v5, "ben", "correct horse", BAD_PASSWORD).expectClosed();
    eve.ping();
    put("ben", "'enabled':true");
    tried(v5, "ben", "correct horse", 0).ping();
  }

  @Test
  void otherGroupsCountWithoutAReconnectAndAChangeOfAGroupTakesNoneAway() {
    put("dan", "'password':'correct horse','groups':['before']");
    Peer dan = tried(v5, "dan", "correct horse", 0);
    dan.publish("of/before", 1, "yes");
    put("dan", "'groups':['after']");
    Eventually.succeeds(
        () -> {
          assertTrue(mayPublish(dan, "of/after"), "the other group counts");
          return dan;
        });
    ADMIN.put("/groups/unrelated", "{}").expect(201);
    ADMIN.put("/groups/unrelated", "{'description':'changed'}").expect(200);
    dan.publish("of/after", 1, "still");
  }

  @Test
  void aNameOfTheUsersFileIsTheRegistrysAsLongAsItIsThere() {
    tried(v5, "filed", "pencil", 0).ping();
    put("filed", "'password':'registered'");
    tried(v5, "filed", "pencil", BAD_PASSWORD).expectClosed();
    put("filed", "'enabled':false");
    tried(v5, "filed", "pencil", BAD_PASSWORD).expectClosed();
    ADMIN.delete("/users/filed").expect(204);
    tried(v5, "filed", "pencil", 0).ping();
  }

  @Test
  void refusesAPasswordThatCannotBeOne() {
    for (String password : new String[] {"short", "eyJh.eyJp.c2ln", "bell\\u0007 and more"}) {
      String detail = ADMIN.put("/users/bad", "{'password':'" + password + "'}").expect(422).text();
      assertTrue(detail.contains("/password"), detail);
    }
  }
}
