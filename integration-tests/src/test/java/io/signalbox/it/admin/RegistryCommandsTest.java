package io.signalbox.it.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.Clients;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.Eventually;
import io.signalbox.it.broker.TestIssuer;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.CertificateSigningRequest;
import io.signalbox.pki.Pem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The commands for groups, authorities, issuers, claim tokens and clients, on a running broker. */
final class RegistryCommandsTest {
  private static final int USAGE = 2;
  private static final int REFUSED = 5;
  private static final int BAD_CREDENTIALS = 0x86;
  private static final int ADMINISTRATIVE_ACTION = 0x98;

  @TempDir static Path folder;

  private static BrokerUnderTest broker;
  private static AdminClient admin;

  @BeforeAll
  static void start() {
    broker =
        BrokerUnderTest.start(
            "registry-commands",
            BrokerConfig.allowingAll()
                .listener(Transport.TCP, true, "none")
                .listener(Transport.WSS, false, "optional"));
    admin = AdminClient.administrator(broker);
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  @RegisterExtension final Clients clients = new Clients(broker(), Transport.TCP, Version.V5);

  private static BrokerUnderTest broker() {
    return broker;
  }

  private static CommandLine.Result run(String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    int port = broker.endpoint(Transport.WSS).address().getPort();
    all.addAll(List.of("--server", "https://127.0.0.1:" + port));
    all.addAll(List.of("--data", broker.dataFolder().toString()));
    return CommandLine.signalbox(all.toArray(String[]::new));
  }

  private static String done(String... words) {
    return run(words).expectSuccess().out();
  }

  private static JsonObject json(String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.add("--json");
    return JsonParser.parseString(done(all.toArray(String[]::new))).getAsJsonObject();
  }

  private static String refused(int exitCode, String... words) {
    CommandLine.Result result = run(words);
    assertEquals(exitCode, result.exitCode(), () -> result.out() + result.err());
    assertEquals("", result.out(), "a failure says nothing on standard output");
    return result.err();
  }

  @Test
  void groupsAreMadeFilledAndRemoved() {
    done("group", "add", "pumps", "--set", "description=All pumps");
    admin.put("/devices/p7", "{}").expect(201);
    done("group", "join", "pumps", "p7");
    JsonArray some = json("group", "list", "--where", "prefix=pumps").getAsJsonArray("items");
    JsonObject group = some.get(0).getAsJsonObject();
    assertEquals("All pumps", group.get("description").getAsString());
    assertEquals(1, group.get("memberCount").getAsInt());
    done("group", "set", "pumps", "--set", "attributes={\"site\":\"north\"}");
    JsonObject changed = admin.get("/groups/pumps").expect(200).json();
    assertEquals("All pumps", changed.get("description").getAsString(), "the other fields stay");
    assertEquals("{\"site\":\"north\"}", changed.get("attributes").toString());
    done("group", "leave", "pumps", "p7");
    String stranger = refused(REFUSED, "group", "leave", "pumps", "p7");
    assertTrue(stranger.contains("\"pumps\" has no device of this id"), stranger);
    done("group", "delete", "pumps");
    admin.get("/groups/pumps").expectProblem(404, "not-found");
    String why = refused(USAGE, "group", "join", "pumps");
    assertTrue(why.contains("a name is missing"), why);
  }

  @Test
  void membersAreListedHoweverManyTheyAre() {
    admin.put("/groups/fleet", "{}").expect(201);
    String operation = "{'op':'put','id':'f%04d','device':{'groups':['fleet']}}";
    for (int from = 0; from < 1_200; from += 600) {
      String operations =
          IntStream.range(from, from + 600)
              .mapToObj(operation::formatted)
              .collect(Collectors.joining(","));
      String batch = "{'operations':[" + operations + "]}";
      assertEquals("0", admin.post("/devices/batch", batch).expect(200).get("failed"));
    }
    List<String> lines = done("group", "members", "fleet").lines().toList();
    assertEquals("ID", lines.getFirst());
    assertEquals(List.of("f0000", "f1199"), List.of(lines.get(1), lines.getLast()));
    assertEquals(1_201, lines.size());
    String missing = refused(REFUSED, "group", "members", "nobody");
    assertTrue(missing.contains("there is no group \"nobody\""), missing);
  }

  @Test
  void anOfflineAuthorityIsSignedElsewhereAndInstalled() throws Exception {
    done("ca", "add", "offline", "--set", "offline=true");
    String path = "/issuing-cas/offline";
    String csr = admin.get(path).expect(200).get("csrPem");
    CertificateAuthority root = Certificates.authority("root", Instant.now());
    X509Certificate signed =
        root.issue(CertificateSigningRequest.parsePem(csr, "csr"), CertificateProfile.ISSUING);
    String chain = Pem.encode(List.of(signed, root.certificate()));
    Path file = Files.writeString(folder.resolve("offline.pem"), chain);
    String given = "chainPem=@" + file;
    assertTrue(done("ca", "install", "offline", "--set", given).contains("active"));
    assertEquals("active", admin.get(path).expect(200).get("state"));

    List<String> table = done("ca", "list").lines().toList();
    assertEquals(
        List.of("NAME", "COMMONNAME", "STATE", "ENABLED", "NOTAFTER"),
        List.of(table.getFirst().split(" +")));
    assertTrue(table.stream().anyMatch(line -> line.matches("offline +offline +active +true .*")));
    JsonArray listed = json("ca", "list").getAsJsonArray("items");
    assertEquals(table.size() - 1, listed.size());

    admin.put(path, "{'offline':true,'enabled':false}").expect(200);
    done("ca", "enable", "offline");
    assertTrue(admin.get(path).json().get("enabled").getAsBoolean());
    String fixed = refused(REFUSED, "ca", "set", "offline", "--set", "keyType=ec-p384");
    assertTrue(fixed.contains("cannot change"), fixed);
    String wrong = refused(REFUSED, "ca", "install", "dev-ca", "--set", given);
    assertTrue(wrong.contains("was not made with \"offline\""), wrong);
    done("ca", "delete", "offline");
    String gone = refused(REFUSED, "ca", "delete", "offline");
    assertTrue(gone.contains("there is no issuing CA \"offline\""), gone);
  }

  @Test
  void authoritiesAreMadeSwitchedOffTrustedAndTrustedNoLonger() throws Exception {
    admin.put("/issuing-cas/old", "{}").expect(201);
    done("ca", "add", "plant", "--set", "keyType=ec-p384", "--set", "validityHours=48");
    admin.put("/issuing-cas/old", "{'successor':'plant'}").expect(200);
    String circle = refused(REFUSED, "ca", "set", "plant", "--set", "successor=old");
    assertTrue(circle.contains("lead back"), circle);
    done("ca", "disable", "old");
    JsonObject old = admin.get("/issuing-cas/old").expect(200).json();
    assertFalse(old.get("enabled").getAsBoolean());
    assertEquals("plant", old.get("successor").getAsString(), "the other fields stay");
    JsonObject plant = admin.get("/issuing-cas/plant").expect(200).json();
    assertEquals("active", plant.get("state").getAsString());
    assertEquals("ec-p384", plant.get("keyType").getAsString());

    String pem = Pem.encode(List.of(Certificates.authority("acme", Instant.now()).certificate()));
    Path file = Files.writeString(folder.resolve("acme.pem"), pem);
    done("ca", "trust", "acme", "--set", "certificatePem=@" + file);
    assertEquals("CN=acme", admin.get("/trusted-cas/acme").expect(200).get("subject"));
    done("ca", "untrust", "acme");
    admin.get("/trusted-cas/acme").expectProblem(404, "not-found");
  }

  @Test
  void anIssuerCountsAsSoonAsItIsAddedAndNoLongerWhenItIsDisabled() throws Exception {
    TestIssuer issuer = new TestIssuer("login", "narrow");
    Path secret = Files.writeString(folder.resolve("login.secret"), TestIssuer.secretBase64());
    assertEquals(BAD_CREDENTIALS, answerTo(issuer));
    String shown =
        done(
            "issuer",
            "add",
            "login",
            "--set",
            "issuer=https://login.example",
            "--set",
            "audiences=iot,web",
            "--set",
            "algorithms=HS256",
            "--set",
            "hmacSecret=@" + secret);
    assertFalse(shown.contains(TestIssuer.secretBase64()), "the secret is shown");
    assertEquals(0, answerTo(issuer));
    String table = done("issuer", "list");
    assertTrue(
        table.matches("NAME .*\\Rlogin +https://login.example +iot,web +HS256 +true\\R"), table);
    done("issuer", "set", "login", "--set", "enabled=false");
    assertEquals(BAD_CREDENTIALS, answerTo(issuer));
    JsonObject listed = admin.get("/jwt-issuers/login").expect(200).json();
    assertEquals("[\"iot\",\"web\"]", listed.get("audiences").toString());
    done("issuer", "delete", "login");
    admin.get("/jwt-issuers/login").expectProblem(404, "not-found");
  }

  private int answerTo(TestIssuer issuer) {
    try (Peer peer = clients.peer()) {
      return peer.tryConnect(c -> c.password(issuer.token("ann"))).reasonCode();
    }
  }

  @Test
  void claimTokensAreMadeChangedAndRemovedAndNeverShowTheirSecret() throws Exception {
    String secret = "0123456789abcdef01234567";
    Path file = Files.writeString(folder.resolve("claim.secret"), secret + "\n");
    admin.put("/provisioning-templates/line", "{}").expect(201);
    String shown =
        done(
            "claim",
            "add",
            "line-3",
            "--set",
            "template=line",
            "--set",
            "maxUses=500",
            "--set",
            "allowedCidrs=10.0.0.0/8",
            "--set",
            "secret=@" + file);
    assertFalse(shown.contains(secret), shown);
    done("claim", "set", "line-3", "--set", "enabled=false");
    JsonObject claim = json("claim", "list").getAsJsonArray("items").get(0).getAsJsonObject();
    assertFalse(claim.toString().contains(secret), claim::toString);
    assertFalse(claim.get("enabled").getAsBoolean());
    assertEquals(500, claim.get("maxUses").getAsInt(), "the other fields stay");
    assertEquals("4567", claim.get("hint").getAsString());
    assertEquals("[\"10.0.0.0/8\"]", claim.get("allowedCidrs").toString());
    done("claim", "delete", "line-3");
    admin.get("/claim-tokens/line-3").expectProblem(404, "not-found");
  }

  @Test
  void clientsAreListedAndDisconnected() {
    Peer peer = clients.connected();
    String id = peer.clientId();
    String table = done("client", "list");
    assertTrue(table.startsWith("CLIENTID") && table.contains(id), table);
    JsonObject shown = json("client", "get", id);
    assertEquals(id, shown.get("clientId").getAsString());
    assertTrue(done("client", "get", id).startsWith("clientId "), "for people");
    done("client", "disconnect", id, "--set", "reason=maintenance");
    peer.expectDisconnect(ADMINISTRATIVE_ACTION);
    String gone =
        Eventually.succeeds(() -> refused(REFUSED, "client", "disconnect", id)); // a moment later
    assertTrue(gone.contains("no client of this identifier is connected"), gone);
  }

  /** A client chooses its identifier; an operator's terminal must not do what it says. */
  @Test
  void whatAClientCallsItselfMovesNoCursor() {
    String id = Clients.unique("c") + "\u001b[2J\u202e";
    try (Peer peer = clients.peer(id)) {
      peer.connect();
      String table = done("client", "list");
      assertTrue(table.contains("\\u001b[2J\\u202e"), table);
      assertFalse(table.contains("\u001b"), table);
      assertFalse(done("client", "get", id).contains("\u001b"));
    }
    String limit = refused(USAGE, "client", "list", "--limit", "0");
    assertTrue(limit.contains("--limit: 0 is less than 1"), limit);
  }
}
