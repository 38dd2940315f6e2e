package io.signalbox.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.DevelopmentPki;
import io.signalbox.server.cli.CommandFailure;
import io.signalbox.server.cli.Commands;
import io.signalbox.server.cli.TokenFactory;
import io.signalbox.server.config.BrokerConfig;
import io.signalbox.server.config.ConfigReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A supervisor does not start a broker again that only its operator can mend. */
final class BrokersTest {
  private static final int FAILED = 1;
  private static final int CONFIGURATION = 78;

  private static final String BROKEN_TLS =
      """
      tls:
        certificate-file: pair.pem
        private-key-file: pair.pem
        trusted-cas:
          - { name: a, file: broken.pem }
          - { name: b, file: other.pem }
          - { name: c, file: AUTHORITY, revocation: { crl-files: [no.crl] } }
      """;

  private static final String BROKEN_AUTH =
      """
      auth:
        users-file: users
        jwt:
          revoked-tokens-file: revoked
          issuers:
            - name: i
              issuer: i
              audiences: [a]
              keys: [{ algorithm: ES256, public-key-file: no.key }]
      """;

  private static final String[] OF_TLS = {"pair.pem", "broken.pem", "other.pem", "no.crl"};
  private static final String[] OF_AUTH = {"users:1: ", "revoked", "auth.jwt.issuers: key"};

  @TempDir Path folder;

  @BeforeEach
  void writeFilesThatCannotBeUsed() throws Exception {
    Path policies = Files.createDirectory(folder.resolve("policies"));
    Files.writeString(policies.resolve("a.policy.yaml"), "version: 1\nname: a\nname: b\n");
    Files.writeString(folder.resolve("broken.pem"), "nothing\n");
    Files.writeString(folder.resolve("users"), "somebody\n");
  }

  private int serve(String yaml, String... more) throws Exception {
    Path config =
        Files.writeString(
            folder.resolve("signalbox.yaml"),
            yaml + "\nlisteners: [{ name: t, type: tcp, bind: [127.0.0.1], port: 0 }]\n");
    String[] words = {
      "serve", "--config", config.toString(), "--data", folder.resolve("data").toString()
    };
    String[] all = Arrays.copyOf(words, words.length + more.length);
    System.arraycopy(more, 0, all, words.length, more.length);
    return run(all);
  }

  private static int run(String... words) {
    return new Commands(
            new Brokers(),
            (_, _, _, _) -> new TokenFactory.Issued("", ""),
            new DataDirectory(),
            Map.of())
        .run(words);
  }

  /** The first bytes of our memory fail to be read as those on a disk that has a fault. */
  @ParameterizedTest
  @EnabledOnOs(OS.LINUX)
  @ValueSource(strings = {"data/token.key", "data/users.key", "factory.crl", "keys.json", "users"})
  void aFileThatCannotBeReadForNowEndsTheStartWithACodeThatIsStartedAgain(String unreadable)
      throws Exception {
    Path file = folder.resolve(unreadable);
    Files.deleteIfExists(file);
    Files.createDirectories(file.resolveSibling(""));
    Files.createSymbolicLink(file, Path.of("/proc/self/mem"));
    assertEquals(
        FAILED,
        serve(
            switch (unreadable) {
              case "users" -> "auth: { users-file: users }";
              case "factory.crl" ->
                  "tls: { trusted-cas: [{ name: factory, file: "
                      + authority()
                      + ", revocation: { crl-files: [factory.crl] } }] }";
              case "keys.json" -> withKeySet("");
              default -> "";
            }));
  }

  @Test
  void checkNamesEveryFileThatCannotBeUsed() throws Exception {
    String policies = "policies: { directory: policies }\n";
    String said = problem(BROKEN_TLS + BROKEN_AUTH + policies, new Brokers()::check);
    assertNames(said, OF_TLS);
    assertNames(said, OF_AUTH);
    assertNames(said, "a.policy.yaml");
  }

  @Test
  void aStartNamesAtOnceEveryFileOfTlsThatCannotBeUsed() throws Exception {
    assertNames(problem(BROKEN_TLS, new Brokers()::start), OF_TLS);
  }

  @Test
  void aStartNamesAtOnceEveryFileOfCredentialsThatCannotBeUsed() throws Exception {
    assertNames(problem(BROKEN_AUTH, new Brokers()::start), OF_AUTH);
  }

  private static void assertNames(String said, String... files) {
    for (String file : files) {
      assertTrue(said.contains(file), () -> file + " is not in:\n" + said);
    }
  }

  private interface Serving {
    void serve(BrokerConfig config) throws CommandFailure;
  }

  private String problem(String yaml, Serving brokers) throws Exception {
    for (String file : List.of("other.pem", "pair.pem", "no.crl", "no.key", "revoked")) {
      Files.writeString(folder.resolve(file), "nothing\n");
    }
    Path file =
        Files.writeString(
            folder.resolve("signalbox.yaml"), yaml.replace("AUTHORITY", authority().toString()));
    BrokerConfig config =
        new ConfigReader(Map.of()).read(file).withDataDirectory(folder.resolve("data"));
    return String.valueOf(
        assertThrows(CommandFailure.class, () -> brokers.serve(config)).getMessage());
  }

  /** The operator has to mend one of the files, whatever becomes of the other. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aFileThatCannotBeReadForNowBesideOneThatCannotBeUsedIsABadConfiguration() throws Exception {
    Files.createSymbolicLink(folder.resolve("first.pem"), Path.of("/proc/self/mem"));
    String yaml =
        "tls: { trusted-cas: [{ name: a, file: first.pem }, { name: b, file: broken.pem }] }";
    assertEquals(CONFIGURATION, serve(yaml));
    assertEquals(FAILED, serve(yaml.replace("broken.pem", "first.pem")));
  }

  private static String withKeySet(String keys) {
    return "auth: { jwt: { issuers: [{ name: i, issuer: i, audiences: [a], algorithms: [ES256],"
        + " jwks-file: keys.json"
        + keys
        + " }] } }";
  }

  /** The operator has to mend the other file, whatever becomes of the first. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aKeySetThatCannotBeReadForNowBesideAKeyThatCannotBeUsedIsABadConfiguration()
      throws Exception {
    Files.createSymbolicLink(folder.resolve("keys.json"), Path.of("/proc/self/mem"));
    assertEquals(
        CONFIGURATION,
        serve(withKeySet(", keys: [{ algorithm: ES256, public-key-file: broken.pem }]")));
  }

  /** The network tells the time a moment after the start. */
  @Test
  void aClockThatIsBehindIsNoBadConfiguration() throws Exception {
    DevelopmentPki.openOrCreate(
        folder.resolve("data").resolve("pki"),
        Clock.offset(Clock.systemUTC(), Duration.ofDays(3_650)),
        new SecureRandom());
    String yaml = "listeners: [{ name: t, type: tls, bind: [127.0.0.1], port: 0 }]";
    Path config = Files.writeString(folder.resolve("signalbox.yaml"), yaml);
    assertEquals(
        FAILED,
        run("serve", "--config", config.toString(), "--data", folder.resolve("data").toString()));
  }

  private Path authority() throws Exception {
    Path pki = folder.resolve("pki");
    DevelopmentPki.openOrCreate(pki, Clock.systemUTC(), new SecureRandom());
    return pki.resolve("root.crt");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "policies: { directory: policies }",
        "tls: { certificate-file: broken.pem, private-key-file: broken.pem }",
        "tls: { trusted-cas: [{ name: factory, file: broken.pem }] }",
        "auth: { jwt: { issuers: [{ name: i, issuer: i, audiences: [a], keys: [{ algorithm: ES256,"
            + " public-key-file: broken.pem }] }] } }",
        "auth: { users-file: users }",
      })
  void aFileThatCannotBeUsedEndsStartAndCheckWithTheCodeOfABadConfiguration(String yaml)
      throws Exception {
    assertEquals(CONFIGURATION, serve(yaml, "--check"));
    assertEquals(CONFIGURATION, serve(yaml));
  }
}
