package io.signalbox.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.signalbox.acl.load.ShippedPolicies;
import io.signalbox.pki.DevelopmentPki;
import io.signalbox.pki.DeviceFiles;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PolicyCommandsTest {
  private static final String PUMP =
      """
      version: 1
      name: pump
      match: { group: pumps }
      statements:
        - id: connect
          effect: allow
          actions: [connect]
          clientIds: ["${device.id}"]
        - id: data
          effect: allow
          actions: [publish]
          topics: ["pump/${device.id}/#"]
        - id: secrets
          effect: deny
          actions: [publish]
          topics: ["pump/+/secret"]
      """;

  private static final String TEST =
      """
      version: 1
      principals: { p7: { device: { id: p7 }, groups: pumps } }
      cases:
        - { as: p7, connect: p7, expect: allow }
        - { as: p7, publish: pump/p7/t, expect: allow, by: pump#data }
        - { as: p7, publish: pump/p7/secret, expect: deny, by: pump#secrets }
      invariants:
        - { noone: publish, topic: "ota/#" }
      """;

  private static final String P7 = "{ device: { id: p7 }, groups: pumps }";

  private final Shell shell = new Shell();

  @TempDir Path folder;

  @BeforeEach
  void writePolicies() throws Exception {
    Files.writeString(folder.resolve("pump.policy.yaml"), PUMP);
    Files.writeString(folder.resolve("pump.test.yaml"), TEST);
  }

  private JsonObject json() {
    return JsonParser.parseString(shell.out()).getAsJsonObject();
  }

  private static void assertContains(String text, String part) {
    assertTrue(text.contains(part), () -> "\"" + part + "\" is not in:\n" + text);
  }

  @Test
  void lintFindsNothingInGoodPolicies() {
    assertEquals(0, shell.run("policy", "lint", folder.toString()), shell.out() + shell.err());
    assertEquals("", shell.out());
  }

  @Test
  void lintNamesPlaceRuleAndStatement() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("all.policy.yaml"),
            PUMP.replace("name: pump", "name: all").replace("pump/${device.id}/#", "#"));
    assertEquals(1, shell.run("policy", "lint", file.toString()));
    assertContains(shell.out(), file + ":9:5: file:all#data: allows every topic");
    assertContains(shell.out(), "[allow-all]");
    assertEquals(
        0, shell.run("policy", "lint", file.toString(), "--ignore", "allow-all"), shell.out());
    assertEquals(1, shell.run("policy", "lint", file.toString(), "--json"));
    assertEquals(
        "allow-all",
        json().getAsJsonArray("findings").get(0).getAsJsonObject().get("rule").getAsString());
  }

  @Test
  void unusablePoliciesAreToldWithPlacesAndExitCode78() throws Exception {
    Path file =
        Files.writeString(folder.resolve("bad.policy.yaml"), "version: 1\nname: x\nno: x\n");
    assertEquals(78, shell.run("policy", "lint", folder.toString()));
    assertContains(shell.err(), file + ":3:1: ");
    assertEquals(78, shell.run("policy", "test", folder.toString(), "--json"));
    assertEquals(
        3, json().getAsJsonArray("problems").get(1).getAsJsonObject().get("line").getAsInt());
    assertEquals(78, shell.run("policy", "test", folder.resolve("nowhere").toString()));
    assertContains(shell.err(), "there is no such file or folder");
  }

  @Test
  void testsPassFailOrAreMissing() throws Exception {
    assertEquals(0, shell.run("policy", "test", folder.toString()));
    assertEquals("4 passed\n", shell.out().replace("\r", ""));
    Path test = folder.resolve("pump.test.yaml");
    Files.writeString(test, TEST.replace("expect: deny, by: pump#secrets", "expect: allow"));
    assertEquals(1, shell.run("policy", "test", folder.toString()));
    assertContains(shell.out(), test + ":6:5: p7 publish \"pump/p7/secret\": expected allow");
    assertEquals(1, shell.run("policy", "test", folder.toString(), "--json"));
    assertEquals(1, json().get("failed").getAsInt());
    Files.delete(test);
    assertEquals(1, shell.run("policy", "test", folder.toString()));
    assertContains(shell.err(), "there is no test");
  }

  @Test
  void explainSaysWhyAndEndsWithTheDecision() {
    String policies = folder.toString();
    assertEquals(
        0,
        shell.run("policy", "explain", "publish", "pump/p7/t", "--as", P7, "--policies", policies));
    assertContains(shell.out(), "allowed by file:pump#data\n");
    assertEquals(
        1,
        shell.run(
            "policy",
            "explain",
            "publish",
            "pump/p7/secret",
            "--as",
            "p7",
            "--policies",
            policies));
    assertContains(shell.out(), "denied by file:pump#secrets\n");
    assertEquals(
        1,
        shell.run(
            "policy",
            "explain",
            "subscribe",
            "$share/g/x",
            "--as",
            P7,
            "--policies",
            policies,
            "--json"));
    assertEquals("no-match", json().getAsJsonObject("decision").get("reason").getAsString());
    assertEquals(
        2, shell.run("policy", "explain", "publish", "a/+", "--as", P7, "--policies", policies));
    assertContains(shell.err(), "a topic name holds no wildcard");
    assertEquals(2, shell.run("policy", "explain", "publish", "a", "--policies", policies));
    assertContains(shell.err(), "say which client is meant");
  }

  @Test
  void whoCanNamesValuesAndDenials() {
    assertEquals(
        0, shell.run("policy", "who-can", "publish", "pump/p9/t", "--policies", folder.toString()));
    assertContains(shell.out(), "any client with device.id = p9, bound to file:pump#data");
    assertEquals(
        0,
        shell.run(
            "policy", "who-can", "subscribe", "pump/#", "--policies", folder.toString(), "--json"));
    assertEquals(0, json().getAsJsonArray("grants").size());
    assertEquals(
        2, shell.run("policy", "who-can", "publish", "#", "--policies", folder.toString()));
    assertEquals(
        2, shell.run("policy", "who-can", "connect", "x", "--policies", folder.toString()));
  }

  @Test
  void whatCanReadsACertificate() throws Exception {
    DeviceFiles files = DeviceFiles.in(folder.resolve("devices"), "p7");
    DevelopmentPki pki =
        DevelopmentPki.openOrCreate(folder.resolve("pki"), Clock.systemUTC(), new SecureRandom());
    files.write(pki.issueDevice("p7"), pki.root());
    assertEquals(
        0,
        shell.run(
            "policy",
            "what-can",
            "--cert",
            files.certificate().toString(),
            "--group",
            "pumps",
            "--policies",
            folder.toString()));
    assertContains(shell.out(), "may connect p7  (file:pump#connect)");
    assertContains(shell.out(), "may publish pump/p7/#, not retained  (file:pump#data)");
  }

  @Test
  void whatCanReadsATokenWithoutItsKey() throws Exception {
    String claims = "{\"sub\":\"ann\",\"groups\":[\"browsers\"],\"exp\":1}";
    Path token =
        Files.writeString(
            folder.resolve("ann.jwt"),
            "e30."
                + Base64.getUrlEncoder()
                    .withoutPadding()
                    .encodeToString(claims.getBytes(StandardCharsets.UTF_8))
                + ".AA");
    assertEquals(
        0,
        shell.run("policy", "what-can", "--token-file", token.toString(), "--policies", "shipped"));
    assertContains(shell.out(), "may subscribe devices/#");
    Files.writeString(token, "no token");
    assertEquals(
        2,
        shell.run("policy", "what-can", "--token-file", token.toString(), "--policies", "shipped"));
    assertContains(shell.err(), "holds no token");
  }

  @Test
  void diffTellsGainsAndLosses() throws Exception {
    Path after = Files.createDirectory(folder.resolve("after"));
    Files.writeString(after.resolve("pump.policy.yaml"), PUMP);
    assertEquals(0, shell.run("policy", "diff", folder.toString(), after.toString()), shell.out());
    assertContains(shell.out(), "no client gains or loses anything");
    Files.writeString(
        after.resolve("pump.policy.yaml"), PUMP.replace("pump/+/secret", "pump/+/hidden"));
    assertEquals(1, shell.run("policy", "diff", folder.toString(), after.toString()));
    assertContains(shell.out(), "+ publish \"pump/${device.id}/#\" by file:pump#data");
    assertContains(shell.out(), "- publish ");
    assertEquals(1, shell.run("policy", "diff", folder.toString(), after.toString(), "--json"));
    assertEquals(2, json().getAsJsonArray("changes").size());
  }

  @Test
  void fmtChangesTheLayoutOrOnlyNamesWhatWouldChange() throws Exception {
    Path file = folder.resolve("pump.policy.yaml");
    String untidy = PUMP.replace("match: { group: pumps }", "match:   {group:   pumps}");
    Files.writeString(file, untidy);
    assertEquals(1, shell.run("policy", "fmt", folder.toString(), "--check"));
    assertEquals(untidy, Files.readString(file));
    assertEquals(0, shell.run("policy", "fmt", folder.toString()));
    assertContains(Files.readString(file), "match: { group: pumps }");
    assertEquals(0, shell.run("policy", "fmt", folder.toString(), "--check"), shell.out());
  }

  /** Whoever has the old file open, as a broker that loads it, reads it to its end. */
  @Test
  void fmtPutsAWholeFileInThePlaceOfTheOldOne() throws Exception {
    Path shared = Files.createDirectory(folder.resolve("shared")).resolve("pump.yaml");
    String untidy = PUMP.replace("match: { group: pumps }", "match:   {group:   pumps}");
    Files.writeString(shared, untidy);
    Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rw-r-----"));
    Path policies = Files.createDirectory(folder.resolve("policies"));
    Path link = policies.resolve("pump.policy.yaml");
    Files.createSymbolicLink(link, Path.of("..", "shared", "pump.yaml"));
    try (var old = Files.newInputStream(shared)) {
      assertEquals(0, shell.run("policy", "fmt", policies.toString()), shell.err());
      assertEquals(untidy, new String(old.readAllBytes(), StandardCharsets.UTF_8));
    }

    assertTrue(Files.isSymbolicLink(link));
    assertContains(Files.readString(shared), "match: { group: pumps }");
    assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(shared)));
    try (var files = Files.list(shared.getParent())) {
      assertEquals(1, files.count(), "nothing is left beside it");
    }
  }

  @Test
  void importPutsWholeFilesInThePlaceOfOldOnes() throws Exception {
    Path acl = Files.writeString(folder.resolve("acl"), "topic read news/#\n");
    Path made = folder.resolve("made");
    String[] words = {
      "policy", "import-mosquitto-acl", acl.toString(), "--out", made.toString(), "--force"
    };
    assertEquals(0, shell.run(words), shell.err());
    List<Path> files;
    try (var all = Files.list(made)) {
      files = all.toList();
    }
    Path one = files.getFirst();
    String before = Files.readString(one);
    Files.setPosixFilePermissions(one, PosixFilePermissions.fromString("rw-------"));
    Files.writeString(acl, "topic read other/#\n");
    try (var old = Files.newInputStream(one)) {
      assertEquals(0, shell.run(words), shell.err());
      assertEquals(before, new String(old.readAllBytes(), StandardCharsets.UTF_8));
    }
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(one)));
  }

  /** Root may write anything. */
  @Test
  void fmtWritesNoFileThatMayNotBeWritten() throws Exception {
    Path file = folder.resolve("pump.policy.yaml");
    String untidy = PUMP.replace("match: { group: pumps }", "match:   {group:   pumps}");
    Files.writeString(file, untidy);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
    boolean mayBe = Files.isWritable(file);

    assertEquals(mayBe ? 0 : 1, shell.run("policy", "fmt", file.toString()), shell.err());

    assertEquals(mayBe, !Files.readString(file).equals(untidy));
    assertEquals("r--r--r--", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
  }

  @Test
  void importMakesWhatALinkNames() throws Exception {
    Path acl = Files.writeString(folder.resolve("acl"), "topic read news/#\n");
    Path made = folder.resolve("made");
    String[] words = {"policy", "import-mosquitto-acl", acl.toString(), "--out", made.toString()};
    assertEquals(0, shell.run(words), shell.err());
    Path one;
    try (var all = Files.list(made)) {
      one = all.sorted().toList().getFirst();
    }
    String before = Files.readString(one);
    try (var all = Files.list(made)) {
      for (Path file : all.toList()) {
        Files.delete(file);
      }
    }
    Path second = Files.createDirectory(folder.resolve("shared")).resolve("second");
    Files.createSymbolicLink(one, Path.of("..", "shared", "second"));
    Files.createSymbolicLink(second, Path.of("third"));

    assertEquals(0, shell.run(words), shell.err());

    assertTrue(Files.isSymbolicLink(one) && Files.isSymbolicLink(second));
    assertEquals(before, Files.readString(second.resolveSibling("third")));
  }

  @Test
  void importedAclsPassTheirOwnTests() throws Exception {
    Path acl =
        Files.writeString(
            folder.resolve("acl"),
            """
            topic read news/#
            user ann
            topic readwrite ann/#
            topic deny ann/secret
            pattern write devices/%c/data
            """);
    Path imported = folder.resolve("imported");
    assertEquals(
        0,
        shell.run("policy", "import-mosquitto-acl", acl.toString(), "--out", imported.toString()),
        shell.err());
    assertEquals(0, shell.run("policy", "test", imported.toString()), shell.out());
    assertEquals(
        1,
        shell.run("policy", "import-mosquitto-acl", acl.toString(), "--out", imported.toString()));
    assertContains(shell.err(), "is there already; nothing was written");
    assertEquals(
        0,
        shell.run(
            "policy",
            "import-mosquitto-acl",
            acl.toString(),
            "--out",
            imported.toString(),
            "--force"));
    Files.writeString(acl, "topics read x\n");
    assertEquals(
        1,
        shell.run(
            "policy",
            "import-mosquitto-acl",
            acl.toString(),
            "--out",
            folder.resolve("other").toString()));
    assertFalse(Files.exists(folder.resolve("other")));
    assertContains(shell.err(), acl + ":1");
  }

  @Test
  void theSchemaIsJson() {
    assertEquals(0, shell.run("policy", "schema"));
    assertTrue(json().has("$schema"));
  }

  @Test
  void theShippedPoliciesPassTheirTests() throws Exception {
    Path shipped = Files.createDirectory(folder.resolve("shipped"));
    for (String name : ShippedPolicies.NAMES) {
      for (String kind : new String[] {".policy.yaml", ".test.yaml"}) {
        Files.writeString(shipped.resolve(name + kind), ShippedPolicies.text(name + kind));
      }
    }
    assertEquals(0, shell.run("policy", "test", shipped.toString()), shell.out());
    assertEquals(0, shell.run("policy", "diff", "shipped", shipped.toString()), shell.out());
  }

  /** Somebody's first message should not be one that is refused. */
  @ParameterizedTest
  @ValueSource(strings = {"pub", "sub"})
  void whatTheExamplesOfTheClientsDoIsAllowedByTheShippedPolicies(String command) {
    assertEquals(0, shell.run(command, "--help"));
    String help = shell.out().replaceAll("\\s+", " ");
    String[] examples = help.substring(help.indexOf("Examples:")).split("signalbox " + command);
    assertTrue(examples.length > 3, help);
    for (String example : List.of(examples).subList(1, examples.length)) {
      String topic = example.replaceFirst(".* -t '?([^ ']+).*", "$1");
      assertEquals(
          0,
          shell.run(
              "policy",
              "explain",
              command.equals("pub") ? "publish" : "subscribe",
              topic,
              "--as",
              example.contains("--cert pump7.crt")
                  ? "{ device: { id: pump7 }, cert: { ca: dev-ca } }"
                  : "{ jwt: { issuer: local, sub: me }, groups: browsers }",
              "--policies",
              "shipped"),
          () -> example + shell.out() + shell.err());
    }
  }
}
