package io.signalbox.it.admin;

import static io.signalbox.it.wire.PacketBytes.auth;
import static io.signalbox.it.wire.PropertyBytes.AUTHENTICATION_DATA;
import static io.signalbox.it.wire.PropertyBytes.authenticationData;
import static io.signalbox.it.wire.PropertyBytes.authenticationMethod;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.TestIssuer;
import io.signalbox.it.wire.ConnectBytes;
import io.signalbox.it.wire.PacketBytes;
import io.signalbox.it.wire.PacketType;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.ScramClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Upgrade;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Every kind of secret, by every way on which a broker gets it, accepted and refused: none of them
 * is in the log at its most talkative, in the audit log, or in a metric.
 */
@SuppressWarnings("NullAway.Init") // before all tests
final class SecretsInLogsTest {
  private static final String SCRAM = "SCRAM-SHA-256";
  private static final String CLAIM = "claim-value-4711";
  private static final TestIssuer ISSUER = new TestIssuer("quiet", "narrow");

  private static BrokerUnderTest broker;
  private static AdminClient admin;

  /** What must not be found, by what it is. */
  private final Map<String, String> secrets = new TreeMap<>();

  private int tokens;

  @BeforeAll
  static void start() {
    broker =
        BrokerUnderTest.start(
            "secrets",
            TestIssuer.trustedBy(
                BrokerConfig.allowingAll()
                    .listener(Transport.TCP, false, "none")
                    .listener(Transport.WSS, false, "optional")
                    .listenerYaml(Transport.WSS, "token-cookie: session")
                    .yaml("log: { level: debug }"),
                ISSUER));
    admin = AdminClient.administrator(broker);
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  @RegisterExtension final Clients clients = new Clients(broker, Transport.TCP, Version.V5);

  private String secret(String what) {
    String text = "s3cr3t-" + what + "-" + Clients.unique("x") + "-0123456789abcdef";
    secrets.put(what, text);
    return text;
  }

  /** How a secret is sent, which must not be found either. */
  private String base64(String what, String text) {
    String encoded = Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
    secrets.put(what + " in base64", encoded);
    return encoded;
  }

  /** As curl takes it, and sends it in Base64. */
  private String pair(String user, String password) {
    String pair = user + ":" + password;
    base64(pair, pair);
    return pair;
  }

  /** Its claims and its signature are secrets; the header is the same for all. */
  private String noted(String what, String token) {
    String[] parts = token.split("\\.", -1);
    secrets.put(what + ": claims", parts[1]);
    secrets.put(what + ": signature", parts[2]);
    return token;
  }

  private String good() {
    String subject = "u" + ++tokens;
    return noted("token of " + subject, ISSUER.tokenWith(subject, "\"note\":\"" + CLAIM + "\""));
  }

  /** With another signature. */
  private String bad() {
    String token = good();
    char last = token.charAt(token.length() - 10);
    String other = last == 'A' ? "B" : "A";
    return noted(
        "bad token " + tokens,
        token.substring(0, token.length() - 10) + other + token.substring(token.length() - 9));
  }

  @Test
  void noSecretIsWrittenDownAnywhere() throws Exception {
    secrets.put("claim", CLAIM);
    secrets.put(
        "administrator", Files.readString(broker.dataFolder().resolve("admin.token")).strip());
    overMqtt();
    overWebSocket();
    byEnrolment();
    overTheApi();

    List<String> log = broker.logFrom(0);
    assertTrue(log.stream().anyMatch(line -> line.contains("DEBUG")), "it tells all");
    assertTrue(log.stream().filter(line -> line.contains("refused")).count() > 3, "and refusals");
    String audit = files(broker.dataFolder().resolve("audit"));
    assertTrue(audit.contains("/users/quiet-user"), "the changes are in the audit log");
    String metrics = curl("-H 'Authorization: Bearer " + token() + "'", "/metrics");
    assertTrue(metrics.contains("signalbox_"), metrics);
    for (Map.Entry<String, String> secret : secrets.entrySet()) {
      String value = secret.getValue();
      for (String line : log) {
        assertFalse(line.contains(value), () -> secret.getKey() + " in the log: " + line);
      }
      assertFalse(audit.contains(value), () -> secret.getKey() + " in the audit log");
      assertFalse(metrics.contains(value), () -> secret.getKey() + " in the metrics");
    }
  }

  private static String token() throws IOException {
    return Files.readString(broker.dataFolder().resolve("admin.token")).strip();
  }

  private void overMqtt() {
    String password = secret("password");
    admin.put("/users/quiet-user", "{'password':'" + password + "'}").expect(201);
    assertEquals(0, answer(c -> c.userName("quiet-user").password(password)));
    assertEquals(0x86, answer(c -> c.userName("quiet-user").password(secret("wrong"))));
    assertEquals(0x86, answer(c -> c.userName("nobody").password(secret("of-nobody"))));
    assertEquals(0x86, answer(c -> c.password(secret("no-token"))));
    assertEquals(0x86, answer(c -> c.password(bad())));
    assertEquals(0x86, answer(c -> c.password("eyJhbGciOiJub25lIn0." + secret("cut"))));

    assertEquals(0, answerToScram("quiet-user", password));
    assertEquals(0x87, answerToScram("quiet-user", secret("wrong-in-scram")));

    Peer peer = clients.peer();
    peer.connect(c -> c.password(good()));
    for (String next : List.of(good(), bad())) {
      int id = peer.newPacketId();
      peer.send(PacketBytes.publish(Version.V5, "$signalbox/auth/renew").qos(1, id).payload(next));
      assertEquals(0x87, peer.receive(PacketType.PUBACK).reasonCode(), "another user's token");
    }

    Peer exchange = clients.peer();
    String first = good();
    exchange.connect(
        c -> c.with(authenticationMethod("JWT"), authenticationData(first.getBytes(UTF_8))));
    exchange.send(
        auth(0x19, authenticationMethod("JWT"), authenticationData(bad().getBytes(UTF_8))));
    exchange.expectDisconnect(0x86, 0x87);
  }

  private int answerToScram(String user, String password) {
    try (Peer peer = clients.peer()) {
      var scram = new ScramClient(user, password);
      peer.send(
          PacketBytes.connect(Version.V5)
              .clientId(peer.clientId())
              .with(authenticationMethod(SCRAM), authenticationData(scram.first())));
      byte[] challenge =
          peer.receive(PacketType.AUTH).properties().data(AUTHENTICATION_DATA).orElseThrow();
      byte[] last = scram.last(challenge);
      String text = new String(last, UTF_8);
      secrets.put("proof for " + password, text.substring(text.indexOf(",p=") + ",p=".length()));
      peer.send(auth(0x18, authenticationMethod(SCRAM), authenticationData(last)));
      return peer.receive(PacketType.CONNACK).reasonCode();
    }
  }

  private int answer(UnaryOperator<ConnectBytes> changes) {
    try (Peer peer = clients.peer()) {
      return peer.tryConnect(changes).reasonCode();
    }
  }

  private void overWebSocket() {
    String origin = "https://localhost:" + port();
    for (int expected : new int[] {0, 0x86}) {
      assertEquals(
          expected, answer(upgrade().header("Authorization", "Bearer " + token(expected))));
      assertEquals(expected, answer(upgrade().subprotocol("bearer." + token(expected))));
      String cookie = "session=" + token(expected);
      assertEquals(expected, answer(upgrade().header("Cookie", cookie).header("Origin", origin)));
    }
    String foreign = "session=" + good();
    assertEquals(
        403, answer(upgrade().header("Cookie", foreign).header("Origin", "https://evil.example")));
  }

  private String token(int expected) {
    return expected == 0 ? good() : bad();
  }

  private static Upgrade upgrade() {
    return new Upgrade(broker.endpoint(Transport.WSS));
  }

  private static int answer(Upgrade upgrade) {
    return upgrade.connect(Clients.unique("w"));
  }

  private void byEnrolment() {
    String claim = secret("claim-token");
    admin.put("/provisioning-templates/quiet", "{}").expect(201);
    admin.put("/claim-tokens/quiet", "{'template':'quiet','secret':'" + claim + "'}").expect(201);
    admin.put("/devices/quiet", "{}").expect(201);
    String enrolment =
        noted(
            "enrolment token",
            admin.post("/enrolment-tokens", "{'device':'quiet'}").expect(200).get("token"));
    Map<String, String> credentials = new LinkedHashMap<>();
    credentials.put("-u " + pair("quiet", secret("wrong-claim")), "401");
    credentials.put(header("Bearer quiet:" + secret("wrong-bearer")), "401");
    credentials.put(header("Bearer " + bad()), "401");
    credentials.put(header("Odd " + secret("odd")), "401");
    credentials.put(header("Basic " + base64("no-colon", secret("no-colon"))), "401");
    credentials.put("-u " + pair("quiet", claim), "200");
    credentials.put(header("Bearer " + enrolment), "200");
    String csr = Certificates.csr("quiet").replace("\\n", "\n").replaceAll("-----[A-Z ]+-----", "");
    credentials.forEach(
        (credential, status) ->
            assertEquals(
                status,
                curl(
                    credential
                        + " -o /dev/null -w '%{http_code}' -H 'Content-Type: application/pkcs10'"
                        + " --data '"
                        + csr.strip()
                        + "'",
                    "/.well-known/est/simpleenroll"),
                credential));
  }

  private static String header(String value) {
    return "-H 'Authorization: " + value + "'";
  }

  private void overTheApi() {
    admin.with(secret("wrong-bearer-of-api")).get("/devices").expectProblem(401, "unauthenticated");
    admin.with(bad()).get("/devices").expectProblem(401, "unauthenticated");
    String broken = "{'password':'" + secret("broken-json") + "'";
    admin.put("/users/other", broken).expectProblem(400, "malformed");
    admin
        .put("/users/other", "{'password':['" + secret("list") + "']}")
        .expectProblem(422, "invalid");
    admin
        .put("/users/other", "{'pasword':'" + secret("misspelt") + "'}")
        .expectProblem(422, "invalid");
    String hmac = base64("hmac", secret("hmac"));
    String issuer =
        "{'issuer':'https://q2.example','audiences':['iot'],'algorithms':['%s'],'hmacSecret':'%s'}";
    admin.put("/jwt-issuers/q2", issuer.formatted("HS256", hmac)).expect(201);
    admin.put("/jwt-issuers/q3", issuer.formatted("ES256", hmac)).expectProblem(422, "invalid");
    for (String token : List.of(good(), bad())) {
      admin.post(
          "/policy-tools/authorize", "{'action':'publish','topic':'a','token':'" + token + "'}");
    }
    noted("access token", admin.post("/access-tokens", "{'subject':'x'}").get("token"));
  }

  private static int port() {
    return broker.endpoint(Transport.WSS).address().getPort();
  }

  private static String curl(String options, String path) {
    return CommandLine.run(
            List.of(
                "sh",
                "-c",
                "curl -sS --cacert \"$0\" "
                    + options
                    + " https://localhost:"
                    + port()
                    + path
                    + " || true",
                broker.caFile().toString()))
        .expectSuccess()
        .out();
  }

  private static String files(Path folder) throws IOException {
    var text = new StringBuilder();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        text.append(Files.readString(file));
      }
    }
    return text.toString();
  }
}
