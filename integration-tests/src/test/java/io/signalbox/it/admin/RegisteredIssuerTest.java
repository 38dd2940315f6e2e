package io.signalbox.it.admin;

import static io.signalbox.it.wire.PacketType.PUBACK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.TestIssuer;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Issuers of the registry: what they say counts for those who are connected already. */
final class RegisteredIssuerTest {
  private static final int NOT_AUTHORIZED = 0x87;

  private static final String ACL =
      "\"acl\":[{\"effect\":\"allow\",\"actions\":[\"publish\"],\"topics\":[\"given\"]},"
          + "{\"effect\":\"allow\",\"actions\":[\"connect\"],\"clientIds\":[\"*\"]}]";

  private static final String POLICY =
      """
      version: 1
      name: connect
      description: Everybody connects, nobody publishes.
      match: { everyone: true }
      statements:
        - id: connect
          effect: allow
          actions: [connect]
          clientIds: ["*"]
      """;

  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "registered-issuer",
          BrokerConfig.empty()
              .listener(Transport.TCP, false, "none")
              .listener(Transport.WSS, false, "optional")
              .policy("connect", POLICY));
  private static final AdminClient ADMIN = AdminClient.administrator(BROKER);

  @RegisterExtension final Clients clients = new Clients(BROKER, Transport.TCP, Version.V5);

  private static void put(String name, String more) {
    put(name, "iot", TestIssuer.secretBase64(), more);
  }

  private static void put(String name, String audience, String secret, String more) {
    String answer =
        ADMIN
            .put(
                "/jwt-issuers/" + name,
                "{'issuer':'https://%s.example','audiences':['%s'],'algorithms':['HS256'],'hmacSecret':'%s'%s}"
                    .formatted(name, audience, secret, more))
            .text();
    assertFalse(answer.contains(secret), "a secret is never shown");
  }

  private static boolean mayPublish(Peer peer) {
    peer.send(peer.publish("given").qos(1, peer.newPacketId()).payload("?"));
    return peer.receive(PUBACK).reasonCode() < 0x80;
  }

  private static void awaitMayPublish(boolean wanted, Peer peer) {
    Eventually.succeeds(
        () -> {
          assertEquals(wanted, mayPublish(peer), "the claim acl counts otherwise");
          return peer;
        });
  }

  private Peer connected(TestIssuer issuer) {
    Peer peer = clients.peer();
    peer.connect(c -> c.password(issuer.tokenWith("ann", ACL)));
    return peer;
  }

  @Test
  void anAclClaimNarrowsUnlessTheIssuerSaysThatItGrants() {
    put("acl", "");
    Peer peer = connected(new TestIssuer("acl", "narrow"));
    assertFalse(mayPublish(peer));
    put("acl", ",'aclClaim':'grant'");
    awaitMayPublish(true, peer);
    put("acl", ",'aclClaim':'narrow'");
    awaitMayPublish(false, peer);
  }

  @Test
  void aDisabledIssuerTakesItsClientsWithIt() {
    put("off", "");
    TestIssuer off = new TestIssuer("off", "narrow");
    Peer peer = connected(off);
    put("off", ",'enabled':false");
    peer.expectDisconnect(NOT_AUTHORIZED);
    assertEquals(0x86, clients.peer().tryConnect(c -> c.password(off.token("ann"))).reasonCode());
  }

  @Test
  void anotherKeyOrAudienceTakesTheClientsWithIt() {
    put("rekeyed", "");
    Peer peer = connected(new TestIssuer("rekeyed", "narrow"));
    put("rekeyed", ",'groupsClaim':'roles'");
    peer.ping();
    String other = Base64.getEncoder().encodeToString(new byte[32]);
    put("rekeyed", "iot", other, "");
    peer.expectDisconnect(NOT_AUTHORIZED);

    put("moved", "");
    Peer moved = connected(new TestIssuer("moved", "narrow"));
    put("moved", "web", TestIssuer.secretBase64(), "");
    moved.expectDisconnect(NOT_AUTHORIZED);
  }

  @Test
  void noIssuerTakesTheNameOfOtherUsersOrTheClaimOfAnotherIssuer() {
    String users = ADMIN.put("/jwt-issuers/users", "{'issuer':'x','audiences':['a']}").text();
    assertTrue(users.contains("stands for users of this broker itself"), users);
    put("first", "");
    ADMIN
        .put(
            "/jwt-issuers/second",
            "{'issuer':'https://first.example','audiences':['iot'],'algorithms':['HS256'],'hmacSecret':'"
                + TestIssuer.secretBase64()
                + "'}")
        .expectProblem(409, "conflict");
  }

  @Test
  void aKeyThatCannotBeUsedIsRefusedAtOnce() {
    String pem = "-----BEGIN PUBLIC KEY-----\\nnonsense\\n-----END PUBLIC KEY-----";
    for (String[] bad :
        List.of(
            new String[] {"publicKeysPem", "'publicKeysPem':['" + pem + "']"},
            new String[] {"jwksJson", "'jwksJson':'{}'"})) {
      String entry =
          "{'issuer':'https://bad.example','audiences':['iot'],'algorithms':['ES256'],"
              + bad[1]
              + "}";
      String told = ADMIN.put("/jwt-issuers/bad", entry).expectProblem(422, "invalid");
      assertTrue(told.contains(bad[0]), told);
    }
    ADMIN.get("/jwt-issuers/bad").expectProblem(404, "not-found");
  }

  @Test
  void tellsHowTheLastFetchOfAKeySetEnded() {
    String issuer =
        "{'issuer':'https://keys.example','audiences':['iot'],'algorithms':['ES256'],"
            + "'jwksUri':'http://127.0.0.1:1/keys'}"; // nobody serves port 1
    ADMIN.put("/jwt-issuers/keys", issuer).expect(201);
    String shown =
        Eventually.succeeds(
            () -> {
              var answer = ADMIN.get("/jwt-issuers/keys").expect(200);
              assertEquals("failed", answer.get("lastRefreshStatus"));
              return answer.text();
            });
    assertTrue(shown.contains("\"lastRefreshProblem\":"), shown);
    ADMIN.put("/jwt-issuers/keys", shown).expect(200); // what was shown may be sent back
  }
}
