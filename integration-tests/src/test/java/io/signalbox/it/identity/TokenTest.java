package io.signalbox.it.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.PacketType;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.List;
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

  private static final String OTHER = "https://other.example";
  private static final TokenIssuer ISSUER = new TokenIssuer();

  /** Asked every ten seconds. */
  private static final TokenIssuer OTHER_ISSUER = new TokenIssuer(OTHER);

  private static Path revoked;
  private static BrokerUnderTest broker;

  @RegisterExtension final Clients clients = new Clients(broker(), Transport.WSS, Version.V5);

  private static BrokerUnderTest broker() {
    return broker;
  }

  @BeforeAll
  static void startBroker() throws IOException {
    ISSUER.addKey("first", true);
    OTHER_ISSUER.addKey("stolen", true);
    OTHER_ISSUER.addKey("staying", false);
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
                          - name: other
                            issuer: %s
                            audiences: [iot]
                            jwks-url: %s
                            algorithms: [ES256]
                            jwks-refresh-seconds: 10
                    """
                        .formatted(
                            revoked,
                            TokenIssuer.ISSUER,
                            ISSUER.address(),
                            OTHER,
                            OTHER_ISSUER.address())));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
    ISSUER.close();
    OTHER_ISSUER.close();
  }

  private static void assertAnswer(int code, Peer peer, String token) {
    assertEquals(code, peer.tryConnect(connect -> connect.password(token)).reasonCode());
  }

  /** Until the pause between two fetches is over. */
  private void awaitAccepted(String token) {
    Eventually.succeeds(() -> clients.peer().connect(connect -> connect.password(token)));
  }

  @Test
  @Behaviour(249)
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
  void aTokenBoundToACertificateIsGoodWithThatOneAlone() throws Exception {
    PemFiles.Device own = broker.issueDevice("bound-own");
    PemFiles.Device other = broker.issueDevice("bound-other");
    String token =
        ISSUER.token("first", "alice", 600, ",\"cnf\":{\"x5t#S256\":\"" + hash(own) + "\"}");
    assertAnswer(BAD_USER_NAME_OR_PASSWORD, clients.peer(), token); // no certificate at all
    for (Transport transport : List.of(Transport.WSS, Transport.TLS)) {
      assertEquals(0, answer(own, transport, token));
      assertEquals(BAD_USER_NAME_OR_PASSWORD, answer(other, transport, token));
    }
    String unknown = ISSUER.token("first", "alice", 600, ",\"cnf\":{\"jkt\":\"x\"}");
    assertEquals(BAD_USER_NAME_OR_PASSWORD, answer(own, Transport.WSS, unknown));
  }

  private static int answer(PemFiles.Device device, Transport transport, String token)
      throws IOException {
    var endpoint = broker.endpoint(transport).with(device.tls());
    try (Peer peer = new Peer(RawClient.open(endpoint, Version.V5), device.id())) {
      return peer.tryConnect(connect -> connect.password(token)).reasonCode();
    }
  }

  private static String hash(PemFiles.Device device) throws Exception {
    try (InputStream in = Files.newInputStream(device.certificate())) {
      byte[] der = CertificateFactory.getInstance("X.509").generateCertificate(in).getEncoded();
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(der);
      return Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
    }
  }

  @Test
  void aTokensEndEndsTheConnectionAndAPublishExtendsIt() {
    Peer renewed = clients.peer(Version.V3);
    renewed.connect( // 3.1.1 has no password without a user name
        connect -> connect.userName("any").password(ISSUER.token("first", "alice", 12, "")));
    renewed.publish(RENEW, 1, ISSUER.token("first", "alice", 600, ""));

    Peer ending = clients.peer();
    ending.connect(connect -> connect.password(ISSUER.token("first", "alice", 13, "")));
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

  @Test
  void aKeyThatItsIssuerWithdrewEndsTheConnectionsAndOpensNoOther() {
    String token = OTHER_ISSUER.token("stolen", "eve", 600, "");
    String fresh = OTHER_ISSUER.token("stolen", "mallory", 600, "");
    Peer eve = clients.peer();
    eve.connect(connect -> connect.password(token));
    Peer old = clients.peer(Version.V3);
    old.connect(connect -> connect.userName("any").password(token));
    Peer staying = clients.peer();
    staying.connect(connect -> connect.password(OTHER_ISSUER.token("staying", "frank", 600, "")));

    OTHER_ISSUER.withdrawKey("stolen");
    eve.expectDisconnect(NOT_AUTHORIZED);
    old.expectClosed();
    staying.ping();
    assertAnswer(BAD_USER_NAME_OR_PASSWORD, clients.peer(), token);
    assertAnswer(BAD_USER_NAME_OR_PASSWORD, clients.peer(), fresh);
  }
}
