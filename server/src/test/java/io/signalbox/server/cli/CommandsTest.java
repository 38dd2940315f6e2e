package io.signalbox.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.Pem;
import io.signalbox.server.bench.client.FakeBroker;
import io.signalbox.server.config.BrokerConfig;
import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.packet.Publish;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

final class CommandsTest {
  private final FakeBrokers brokers = new FakeBrokers();
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Map<String, String> environment = Map.of();

  @TempDir Path folder;

  /** Starts brokers that end at once, after noting with what. */
  static final class FakeBrokers implements BrokerFactory {
    final List<BrokerConfig> started = new ArrayList<>();
    final List<BrokerConfig> checked = new ArrayList<>();
    boolean givesUp;
    int stops;

    @Override
    public void check(BrokerConfig config) throws CommandFailure {
      checked.add(config);
    }

    @Override
    public RunningBroker start(BrokerConfig config) throws CommandFailure {
      if (config.limits().connectionsMax() == 13) {
        throw new CommandFailure("cannot listen on 127.0.0.1:8883: address in use");
      }
      started.add(config);
      List<RunningBroker.Listening> listening =
          config.listeners().stream()
              .map(
                  listener ->
                      new RunningBroker.Listening(
                          listener,
                          new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.port())))
              .toList();
      return new RunningBroker() {
        @Override
        public List<Listening> listening() {
          return listening;
        }

        @Override
        public boolean awaitEnd() {
          return !givesUp;
        }

        @Override
        public void stop() {
          stops++;
        }
      };
    }
  }

  /** Says what it was asked; a store named "damaged" is not sound. */
  static final class Stores implements StoreTools {
    private static Outcome asked(String what, Path... paths) {
      return new Outcome(!paths[0].endsWith("damaged"), what + " " + List.of(paths));
    }

    @Override
    public Outcome check(Path dataDirectory) {
      return asked("check", dataDirectory);
    }

    @Override
    public Outcome repair(Path dataDirectory) {
      return asked("repair", dataDirectory);
    }

    @Override
    public Outcome quarantine(Path dataDirectory) {
      return asked("quarantine", dataDirectory);
    }

    @Override
    public Outcome policies(Path dataDirectory) {
      return asked("policies", dataDirectory);
    }

    @Override
    public Outcome policy(Path dataDirectory, String name) {
      return asked("policy " + name, dataDirectory);
    }

    @Override
    public Outcome replacePolicy(Path dataDirectory, String name, PolicyDocument by) {
      return asked("replace " + name + " by " + by, dataDirectory);
    }

    @Override
    public Outcome removePolicy(Path dataDirectory, String name) {
      return asked("remove " + name, dataDirectory);
    }

    @Override
    public Outcome backup(Path dataDirectory, Path to) {
      return asked("backup", dataDirectory, to);
    }

    @Override
    public Outcome restore(Path backup, Path dataDirectory) throws CommandFailure {
      if (backup.endsWith("damaged")) {
        throw new CommandFailure("the backup is damaged");
      }
      return asked("restore", backup, dataDirectory);
    }
  }

  private int run(String... arguments) {
    return run(
        (data, subject, groups, lifetime) ->
            new TokenFactory.Issued(
                String.join("|", data.toString(), subject, groups.toString(), lifetime.toString()),
                "id-of-" + subject),
        arguments);
  }

  private int run(TokenFactory tokens, String... arguments) {
    CommandLine commands =
        new Commands(brokers, tokens, new Stores(), environment).commandLine(arguments);
    commands.setOut(new PrintWriter(out, true));
    commands.setErr(new PrintWriter(err, true));
    return commands.execute(arguments);
  }

  // ---- serve

  @Test
  void serveWithoutConfigurationPrintsLinesThatConnect() {
    assertEquals(0, run("serve", "--data", folder.toString()));
    assertEquals(folder, brokers.started.getFirst().dataDirectory());
    String text = out.toString();
    assertContains(text, "mqtts://localhost:8883\n");
    assertContains(text, "wss://localhost:8443/mqtt\n");
    assertContains(text, " pki issue-device pump7 --data " + folder + " --out devices\n");
    assertContains(
        text,
        "mosquitto_pub -h localhost -p 8883 --cafile "
            + folder.resolve("pki/ca.crt")
            + " --cert devices/pump7.crt --key devices/pump7.key");
    assertContains(text, "https://localhost:8443/#token=" + folder + "|browser|[browsers]|PT1H\n");
    assertContains(text, ".connect(\"wss://localhost:8443/mqtt\"");
    String clients = " --url mqtts://localhost:8883 --cafile " + folder.resolve("pki/ca.crt");
    assertContains(text, " sub" + clients + " --token-file watcher.jwt -t 'devices/#'\n");
    assertContains(
        text,
        " pub"
            + clients
            + " --cert devices/pump7.crt --key devices/pump7.key -t devices/pump7/data -m 21.5\n");
  }

  @Test
  void aBrokerThatCannotSayHowToConnectIsStoppedAndDidNotStart() {
    TokenFactory failing =
        (_, _, _, _) -> {
          throw new CommandFailure("cannot read the key");
        };
    assertEquals(1, run(failing, "serve", "--data", folder.toString()));
    assertEquals(1, brokers.stops);
    assertContains(err.toString(), "cannot read the key");
  }

  @Test
  void serveWithAConfigurationPrintsNoToken() throws Exception {
    Path file = Files.writeString(folder.resolve("b.yaml"), "data-directory: elsewhere");
    assertEquals(0, run("serve", "--config", file.toString()));
    assertEquals(Path.of("elsewhere"), brokers.started.getFirst().dataDirectory());
    assertEquals("", out.toString());
  }

  @Test
  void theDataOptionWinsOverTheFile() throws Exception {
    Path file = Files.writeString(folder.resolve("b.yaml"), "data-directory: elsewhere");
    assertEquals(0, run("serve", "--config", file.toString(), "--data", "here"));
    assertEquals(Path.of("here"), brokers.started.getFirst().dataDirectory());
  }

  @Test
  void aDataDirectoryWithSpacesIsQuotedForTheShell() {
    run("serve", "--data", "my data's");
    assertContains(out.toString(), "--cafile 'my data'\\''s/pki/ca.crt' --cert");
  }

  @Test
  void trainingStartsTwiceAndTakesNoPortFromARunningBroker() throws Exception {
    Path file = Files.writeString(folder.resolve("b.yaml"), "enrolment: {http-port: 8080}");
    assertEquals(
        0,
        run(
            "serve",
            "--config",
            file.toString(),
            "--data",
            folder.resolve("data").toString(),
            "--train"));
    assertEquals(2, brokers.started.size());
    for (BrokerConfig started : brokers.started) {
      assertEquals(List.of(0, 0), started.listeners().stream().map(ListenerConfig::port).toList());
      assertEquals(0, started.enrolment().httpPort());
    }
    assertEquals(2, brokers.stops);
    assertContains(out.toString(), "--cafile");
  }

  /** That is the operator's: files of another folder, keys on a token that counts the tries. */
  @Test
  void trainingTakesNothingFromTheEnvironment() {
    environment = Map.of("SIGNALBOX_TLS_CERTIFICATE_FILE", "server.crt");
    assertEquals(0, run("serve", "--data", folder.resolve("data").toString(), "--train"));
    for (BrokerConfig started : brokers.started) {
      assertEquals(BrokerConfig.DEFAULTS.tls(), started.tls());
    }
  }

  @Test
  void checkStartsNothing() throws Exception {
    Path file = Files.writeString(folder.resolve("b.yaml"), "log: {level: debug}");
    assertEquals(0, run("serve", "--config", file.toString(), "--check"));
    assertEquals(1, brokers.checked.size());
    assertEquals(0, brokers.started.size());
    assertContains(out.toString(), "the configuration is good: 2 listener(s)");
  }

  @Test
  void everyProblemOfTheConfigurationIsPrinted() throws Exception {
    Path file = Files.writeString(folder.resolve("b.yaml"), "log: {level: loud}\nlimit: {}\n");
    environment = Map.of("SIGNALBOX_LOG_LEVELL", "x");
    assertEquals(78, run("serve", "--config", file.toString()));
    assertEquals(
        "environment SIGNALBOX_LOG_LEVELL stands for no key that can be set from the environment;"
            + " did you mean SIGNALBOX_LOG_LEVEL?\n"
            + file
            + ":1:14 log.level: \"loud\" is none of error, warning, info, debug\n"
            + file
            + ":2:1 limit: unknown key; did you mean \"limits\"?\n",
        err.toString());
    assertEquals(0, brokers.started.size());
  }

  @Test
  void aBrokerThatCannotStartIsAFailure() {
    environment = Map.of("SIGNALBOX_LIMITS_CONNECTIONS_MAX", "13");
    assertEquals(1, run("serve"));
    assertEquals("signalbox: cannot listen on 127.0.0.1:8883: address in use\n", err.toString());
  }

  @Test
  void aBrokerThatGivesUpIsAFailure() {
    brokers.givesUp = true;
    assertEquals(4, run("serve"));
    assertContains(err.toString(), "the broker gave up");
  }

  // ---- pki

  @Test
  void issuesADeviceWithItsFiles() throws Exception {
    Path files = folder.resolve("out");
    assertEquals(
        0,
        run("pki", "issue-device", "pump7", "--data", folder.toString(), "--out", files.toString()),
        err::toString);
    var chain = Pem.readCertificates(files.resolve("pump7.crt"));
    assertEquals("CN=pump7", chain.getFirst().getSubjectX500Principal().getName());
    assertEquals("EC", Pem.readPrivateKey(files.resolve("pump7.key")).getAlgorithm());
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(files.resolve("pump7.key"))));
    assertEquals(
        Files.readString(folder.resolve("pki/ca.crt")), Files.readString(files.resolve("ca.crt")));
    assertContains(out.toString(), "wrote " + files.resolve("pump7.crt"));
    assertContains(
        out.toString(), "\nvalid until " + chain.getFirst().getNotAfter().toInstant() + "\n");
  }

  @Test
  void neverOverwritesAKey() {
    String[] arguments = {
      "pki", "issue-device", "p", "--data", folder.toString(), "--out", folder.toString()
    };
    assertEquals(0, run(arguments));
    assertEquals(1, run(arguments));
    assertContains(err.toString(), "exists already");
  }

  @Test
  void signsARequestMadeElsewhere() throws Exception {
    Path device = folder.resolve("device");
    assertEquals(0, run("pki", "csr", "pump8", "--out", device.toString()));
    assertFalse(Files.exists(folder.resolve("pki")), "a request needs no authority");
    String csr = device.resolve("pump8.csr").toString();
    assertEquals(0, run("pki", "sign-csr", csr, "--data", folder.toString()), err::toString);
    var chain = Pem.readCertificates(device.resolve("pump8.crt"));
    assertEquals("CN=pump8", chain.getFirst().getSubjectX500Principal().getName());
    assertContains(
        out.toString(), "\nvalid until " + chain.getFirst().getNotAfter().toInstant() + "\n");
  }

  @Test
  void aFileThatIsNoRequestIsRefused() throws Exception {
    Path file = Files.writeString(folder.resolve("x.csr"), "hello");
    assertEquals(1, run("pki", "sign-csr", file.toString(), "--data", folder.toString()));
    assertTrue(err.toString().startsWith("signalbox: "), err::toString);
    assertEquals(1, run("pki", "sign-csr", folder.resolve("none").toString()));
    assertContains(err.toString(), "cannot read \"" + folder.resolve("none") + "\"");
  }

  @Test
  void aBadDeviceIdIsRefused() {
    assertEquals(1, run("pki", "issue-device", "../x", "--data", folder.toString()));
    assertContains(err.toString(), "\"../x\" cannot be a device id");
  }

  // ---- token

  @Test
  void printsTheTokenAlone() {
    assertEquals(
        0,
        run(
            "token",
            "issue",
            "--subject",
            "alice",
            "--group",
            "a",
            "--group",
            "b",
            "--ttl",
            "90m",
            "--data",
            folder.toString()));
    assertEquals(folder + "|alice|[a, b]|" + Duration.ofMinutes(90) + "\n", out.toString());
  }

  @Test
  void warnsOfATokenThatABrokerRefusesUnlessItIsToldOtherwise() throws Exception {
    Files.createFile(folder.resolve("token.key"));
    assertEquals(
        0, run("token", "issue", "--subject", "a", "--ttl", "24h", "--data", folder.toString()));
    String revoking = "to revoke it: a line \"local id-of-a\" in auth.jwt.revoked-tokens-file\n";
    assertEquals(revoking, err.toString());
    err.getBuffer().setLength(0);

    assertEquals(
        0, run("token", "issue", "--subject", "a", "--ttl", "7d", "--data", folder.toString()));
    assertEquals(
        revoking
            + "warning: a broker refuses a token while more than its auth.jwt.lifetime-max-seconds"
            + " are left, 86400 by default; this one has 604800\n",
        err.toString());
    assertEquals(folder + "|a|[]|PT24H\n" + folder + "|a|[]|PT168H\n", out.toString());
  }

  @Test
  void makesNoKeyWhereThereIsNoDataDirectory() throws Exception {
    Path wrong = folder.resolve("wrong");
    assertEquals(1, run("token", "issue", "--subject", "a", "--data", wrong.toString()));
    assertContains(err.toString(), "no data directory \"" + wrong + "\"; name the broker's with");
    assertEquals(0, run("pki", "csr", "p8", "--out", folder.toString()));
    String csr = folder.resolve("p8.csr").toString();
    err.getBuffer().setLength(0);
    assertEquals(1, run("pki", "sign-csr", csr, "--data", wrong.toString()));
    assertContains(err.toString(), "no data directory \"" + wrong + "\"; name the broker's with");
    assertFalse(Files.exists(wrong));
    assertFalse(Files.exists(folder.resolve("p8.crt")));
  }

  @Test
  void saysThatAKeyIsNewWhichARunningBrokerElsewhereDoesNotKnow() throws Exception {
    String made = "warning: made a new development authority, \"" + folder.resolve("pki");
    String data = folder.toString();
    assertEquals(0, run("pki", "issue-device", "p1", "--data", data, "--out", data));
    assertContains(err.toString(), made);
    err.getBuffer().setLength(0);
    assertEquals(0, run("pki", "issue-device", "p2", "--data", data, "--out", data));
    assertEquals("", err.toString());
    assertEquals(0, run("token", "issue", "--subject", "a", "--data", data));
    assertContains(err.toString(), "warning: made a new token key");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1", "h", "-1h", "0s", "1w", "1.5h", "99999999999s"})
  void aLifetimeNeedsANumberAndAUnit(String ttl) {
    assertEquals(2, run("token", "issue", "--subject", "a", "--ttl", ttl));
    assertContains(err.toString(), "is no time; write a number with s, m, h or d");
  }

  // ---- store, backup, restore

  @Test
  void storeCommandsTellWhatTheyFoundAndWhetherItIsSound() throws Exception {
    assertEquals(0, run("store", "check"));
    assertContains(out.toString(), "check [data]");
    assertEquals(1, run("store", "check", "--data", "damaged"));
    assertEquals(1, run("store", "repair", "--data", "damaged"));
    assertEquals(0, run("store", "quarantine", "--data", "d"));
    assertContains(out.toString(), "quarantine [d]");
    assertContains(out.toString(), "revocations, devices");
    assertContains(out.toString(), "registry.required: certificate");
    assertEquals(0, run("store", "policy", "--data", "d"));
    assertContains(out.toString(), "policies [d]");
    assertEquals(1, run("store", "policy", "--data", "damaged"));
    assertEquals(0, run("store", "policy", "api:p", "--data", "d"));
    assertContains(out.toString(), "policy p [d]");
    Path file = Files.writeString(folder.resolve("f.json"), "{}");
    assertEquals(0, run("store", "policy", "p", "--replace", file.toString(), "--data", "d"));
    assertContains(out.toString(), "replace p by PolicyDocument[text={}, isJson=true] [d]");
    assertEquals(0, run("store", "policy", "p", "--remove", "--data", "d"));
    assertContains(out.toString(), "remove p [d]");
    assertEquals(2, run("store", "policy", "--remove", "--data", "d"));
    assertEquals(2, run("store", "policy", "p", "--remove", "--replace", "f"));
    assertEquals(2, run("store"));
  }

  @Test
  void backupAndRestoreNeedADirectory() {
    assertEquals(0, run("backup", "b", "--data", "d"));
    assertContains(out.toString(), "backup [d, b]");
    assertEquals(0, run("restore", "b", "--data", "d"));
    assertContains(out.toString(), "restore [b, d]");
    assertEquals(1, run("restore", "damaged"));
    assertContains(err.toString(), "the backup is damaged");
    assertEquals(2, run("backup"));
    assertEquals(2, run("restore"));
  }

  // ---- pub

  /** With all commands described as with the one that is asked for. */
  @ParameterizedTest
  @ValueSource(strings = {"pub", "--"})
  void whatBeginsWithAtIsTextAndNoFileOfArguments(String described) throws Exception {
    String file = "@" + Files.writeString(folder.resolve("f"), "--retain secret");
    try (var broker = new FakeBroker()) {
      String url = "mqtt://127.0.0.1:" + broker.port();
      CommandLine commands =
          new Commands(
                  brokers,
                  (_, _, _, _) -> new TokenFactory.Issued("", ""),
                  new Stores(),
                  environment)
              .commandLine(described);
      commands.setErr(new PrintWriter(err, true));

      assertEquals(0, commands.execute("pub", "--url", url, "-t", file, "-m", file), err::toString);
      assertEquals(
          0, commands.execute("pub", "--url", url, "-t", "a", "-m", "@" + folder), err::toString);

      List<String> said =
          broker.received(Publish.class).stream()
              .map(p -> p.topic() + " " + p.retain() + " " + new String(p.payload(), UTF_8))
              .toList();
      assertEquals(List.of(file + " false " + file, "a false @" + folder), said);
    }
  }

  // ---- all

  @Test
  void everyCommandHasAHelpWithADescription() {
    assertHelp(
        new Commands(
                brokers, (_, _, _, _) -> new TokenFactory.Issued("", ""), new Stores(), environment)
            .commandLine());
  }

  private static void assertHelp(CommandLine command) {
    String name = command.getCommandSpec().qualifiedName();
    String[] description = command.getCommandSpec().usageMessage().description();
    assertTrue(description.length > 0, () -> name + " has no description");
    assertTrue(
        name.endsWith(" help") || command.getUsageMessage().contains("--help"),
        () -> name + " has no --help");
    boolean leaf = command.getSubcommands().isEmpty();
    boolean simple = List.of("signalbox help", "signalbox version").contains(name);
    assertTrue(
        !leaf || simple || command.getUsageMessage().contains("Examples:"),
        () -> name + " has no examples");
    command.getSubcommands().values().forEach(CommandsTest::assertHelp);
  }

  @Test
  void helpGoesToStandardOutputAndSucceeds() {
    assertEquals(0, run("serve", "--help"));
    assertContains(out.toString(), "--config");
    assertEquals("", err.toString());
  }

  @Test
  void wrongUsageIsCodeTwo() {
    assertEquals(2, run("fly"));
    assertEquals(2, run("serve", "--colour"));
    assertEquals(2, run());
  }

  @Test
  void versionNamesTheJava() {
    assertEquals(0, run("version"));
    assertContains(out.toString(), "signalbox development (Java 25");
  }

  private static void assertContains(String text, String part) {
    assertTrue(text.contains(part), () -> "missing: " + part + "\nin: " + text);
  }
}
