package io.signalbox.it.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.wire.PacketType;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Tokens of an issuer whose key set is fetched, from the first one to the end of a connection. */
final class TokenTest {
  private static final int BAD_USER_NAME_OR_PASSWORD = 0x86;
  private static final int NOT_AUTHORIZED = 0x87;
  private static final int MAXIMUM_CONNECT_TIME = 0xA0;
  private static final String RENEW = "$signalbox/auth/renew";

  @TempDir static Path folder;

  private static final TokenIssuer ISSUER = new TokenIssuer();
  private static Path revoked;
  private static BrokerUnderTest broker;

  @RegisterExtension final Clients clients = new Clients(broker(), Transport.WSS, Version.V5);

  private static BrokerUnderTest broker() {
    return broker;
  }

  @BeforeAll
  static void startBroker() throws IOException {
    ISSUER.addKey("first", true);
    revoked = Files.writeString(folder.resolve("revoked.txt"), "");
    broker =
        BrokerUnderTest.start(
            "tokens",
            BrokerConfig.open()
                .yaml(
                    """
                    auth:
                      jwt:
                        revoked-tokens-file: %s
                        issuers:
                          - name: login
                            issuer: %s
                            audiences: [iot]
                            jwks-url: %s
                            algorithms: [ES256]
                            jwks-pause-seconds: 1
                    """
                        .formatted(revoked, TokenIssuer.ISSUER, ISSUER.address())));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
    ISSUER.close();
  }

  private static void assertAnswer(int code, Peer peer, String token) {
    assertEquals(code, peer.tryConnect(connect -> connect.password(token)).reasonCode());
  }

  /** Until the pause between two fetches is over. */
  private void awaitAccepted(String token) {
    long deadline = System.nanoTime() + 10_000_000_000L;
    int code = -1;
    while (code != 0 && System.nanoTime() < deadline) {
      code = clients.peer().tryConnect(connect -> connect.password(token)).reasonCode();
    }
    assertEquals(0, code);
  }

  @Test
  void followsARotationAndSurvivesAServerThatIsDownOrLies() {
    assertAnswer(0, clients.peer(), ISSUER.token("first", "alice", 600, ""));

    ISSUER.addKey("second", false);
    awaitAccepted(ISSUER.token("second", "alice", 600, ""));

    ISSUER.down(true);
    assertAnswer(0, clients.peer(), ISSUER.token("second", "bob", 600, ""));
    ISSUER.addKey("third", false);
    String third = ISSUER.token("third", "alice", 600, "");
    assertAnswer(BAD_USER_NAME_OR_PASSWORD, clients.peer(), third);

    ISSUER.down(false);
    ISSUER.rubbish("<html>503</html>");
    assertAnswer(0, clients.peer(), ISSUER.token("first", "carol", 600, ""));
    ISSUER.rubbish("");
    awaitAccepted(third);
  }

  @Test
  void aTokensEndEndsTheConnectionAndAPublishExtendsIt() {
    Peer renewed = clients.peer(Version.V3);
    renewed.connect( // 3.1.1 has no password without a user name
        connect -> connect.userName("any").password(ISSUER.token("first", "alice", 3, "")));
    renewed.publish(RENEW, 1, ISSUER.token("first", "alice", 600, ""));

    Peer ending = clients.peer();
    ending.connect(connect -> connect.password(ISSUER.token("first", "alice", 2, "")));
    ending.expectDisconnect(MAXIMUM_CONNECT_TIME); // later than the other one's first token
    renewed.ping();

    Peer foreign = clients.peer();
    foreign.connect(connect -> connect.password(ISSUER.token("first", "alice", 600, "")));
    int packetId = foreign.newPacketId();
    foreign.send(
        io.signalbox.it.wire.PacketBytes.publish(Version.V5, RENEW)
            .qos(1, packetId)
            .payload(ISSUER.token("first", "mallory", 600, "")));
    assertEquals(NOT_AUTHORIZED, foreign.receive(PacketType.PUBACK).reasonCode());
  }

  @Test
  void aRevokedTokenEndsTheConnectionAndOpensNoOther() throws IOException {
    String token = ISSUER.token("first", "dave", 600, ",\"jti\":\"t-1\"");
    Peer dave = clients.peer();
    dave.connect(connect -> connect.password(token));
    Files.writeString(revoked, "login t-1\n");
    dave.expectDisconnect(NOT_AUTHORIZED);
    assertAnswer(BAD_USER_NAME_OR_PASSWORD, clients.peer(), token);
  }
}
