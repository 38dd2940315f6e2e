package io.signalbox.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ConfigReaderTest {

  @Test
  void originsAreTakenAsBrowsersSendThem() throws ConfigException {
    BrokerConfig config =
        ConfigReader.parse(
            """
            listeners:
              - name: w
                type: ws
                port: 0
                allowed-origins:
                  ["*", "HTTPS://App.Example:443", "http://[::1]:80", "https://a.example:8443",
                  "capacitor://localhost"]
            """);
    assertEquals(
        List.of(
            "*",
            "https://app.example",
            "http://[::1]",
            "https://a.example:8443",
            "capacitor://localhost"),
        config.listeners().getFirst().allowedOrigins());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://app.example/",
        "https://app.example/page",
        "app.example",
        "https://*.app.example",
        "https://app.example:",
        "https://app.example:65536",
        "https://me@app.example"
      })
  void anOriginThatNoPageHasIsRefused(String origin) {
    ConfigException e =
        assertThrows(
            ConfigException.class,
            () ->
                ConfigReader.parse(
                    """
                    listeners:
                      - name: w
                        type: ws
                        port: 0
                        allowed-origins: [https://ok.example, "%s"]
                    """
                        .formatted(origin)));
    assertEquals(1, e.problems().size(), () -> message(e));
    String problem = e.problems().getFirst();
    assertTrue(problem.contains(":5:43 listeners"), problem);
    assertTrue(problem.contains("\"" + origin + "\" is no origin"), problem);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n\r\n"})
  void aFileWithoutASecretIsRefusedWhereItIsNamed(String content, @TempDir Path folder)
      throws Exception {
    Files.writeString(folder.resolve("secret"), content);
    for (String yaml :
        List.of(
            "registry: {ca-passphrase-file: secret}",
            "registry: {pkcs11: {library: secret, pin-file: secret}}")) {
      ConfigException e =
          assertThrows(
              ConfigException.class, () -> new ConfigReader(Map.of()).read(yaml, "f", folder));
      assertEquals(1, e.problems().size(), () -> message(e));
      assertTrue(e.problems().getFirst().startsWith("f:1:"), () -> message(e));
      assertTrue(e.problems().getFirst().contains("secret\" holds no secret"), () -> message(e));
    }
  }

  @Test
  void nothingWrittenMeansDefaults() throws Exception {
    assertEquals(BrokerConfig.DEFAULTS, ConfigReader.parse(""));
    assertEquals(BrokerConfig.DEFAULTS, ConfigReader.parse("# only a comment\n"));
    assertEquals(BrokerConfig.DEFAULTS, ConfigReader.parse("limits:\n"));
    assertEquals(BrokerConfig.DEFAULTS, new ConfigReader(Map.of()).withoutFile());
  }

  @Test
  void readsAListener() throws Exception {
    ListenerConfig listener =
        ConfigReader.parse(
                """
                listeners:
                  - name: plain
                    type: ws
                    bind: 127.0.0.1
                    port: 0
                    allow-anonymous: true
                    path: /broker
                    allowed-origins: ["https://app.example"]
                    proxy-protocol: true
                    trusted-proxies: [10.0.0.0/8]
                    protocol-versions: [5.0]
                    durability: lazy
                    connections-max: 7
                """)
            .listeners()
            .getFirst();
    assertEquals(
        new ListenerConfig(
            "plain",
            ListenerConfig.Type.WS,
            List.of("127.0.0.1"),
            0,
            true,
            ListenerConfig.ClientCertificate.NONE,
            "/broker",
            List.of("https://app.example"),
            null,
            true,
            List.of(AddressRange.of("10.0.0.0/8")),
            Set.of(ListenerConfig.Protocol.MQTT_5_0),
            ListenerConfig.Durability.LAZY,
            7),
        listener);
  }

  @Test
  void readsNumbersInTheUnitOfTheirName() throws Exception {
    BrokerConfig config =
        ConfigReader.parse(
            "limits: {connect-timeout-millis: 1500}\nauth: {jwt: {clock-skew-seconds: 90}}");
    assertEquals(Duration.ofMillis(1500), config.limits().connectTimeout());
    assertEquals(Duration.ofSeconds(90), config.auth().jwt().clockSkew());
  }

  @Test
  void reportsEveryProblemAtOnceInTheOrderOfTheFile() {
    assertProblems(
        """
        limits:
          packet-bytes-max: much
          receive-maximum: 70000
          recieve-maximum: 10
        listeners:
          - name: a
            type: carrier-pigeon
            port: 1
          - type: tcp
        io: 4
        """,
        "configuration:2:21 limits.packet-bytes-max: \"much\" is no whole number; write one in"
            + " 2..268435460",
        "configuration:3:20 limits.receive-maximum: 70000 is outside 1..65535",
        "configuration:4:3 limits.recieve-maximum: unknown key; did you mean \"receive-maximum\"?",
        "configuration:7:11 listeners[0].type: \"carrier-pigeon\" is none of tcp, tls, ws, wss",
        "configuration:9:5 listeners[1].name: is missing; add it",
        "configuration:9:5 listeners[1].port: is missing; write a whole number in 0..65535",
        "configuration:10:5 io: is no mapping; write \"key: value\" lines");
  }

  @Test
  void aKeyThatStandsTwiceIsAnError() {
    assertProblems(
        "log:\n  level: info\n  level: debug\n",
        "configuration:3:3 log.level: stands here a second time (first in line 2); remove one");
  }

  @Test
  void aRetiredKeyNamesItsSuccessor() {
    var reader = new ConfigReader(Map.of(), Map.of("log.verbosity", "log.level"));
    ConfigException e =
        assertThrows(
            ConfigException.class, () -> reader.read("log: {verbosity: 3}", "f", Path.of("")));
    assertEquals(List.of("f:1:7 log.verbosity: is no longer used; use log.level"), e.problems());
  }

  @Test
  void anUnknownKeyFarFromAllOthersListsThem() {
    assertProblems(
        "log: {colourfulness: 3}",
        "configuration:1:7 log.colourfulness: unknown key; known here: level,"
            + " lines-per-second-max");
  }

  @Test
  void namesOfListenersAreUnique() {
    assertProblems(
        "listeners:\n  - {name: a, type: tcp, port: 1}\n  - {name: a, type: tcp, port: 2}\n",
        "configuration:1:1 listeners: the name \"a\" is used twice");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[127.0.0.1]        | [127.0.0.1]    | 127.0.0.1",
        "[10.0.0.1, '::1']  | ['0:0:0::1']   | 0:0:0::1",
        "[0.0.0.0]          | [10.0.0.1]     | 10.0.0.1",
        "[10.0.0.1]         | ['::']         | 10.0.0.1",
        "[broker.example]   | [Broker.example] | Broker.example",
      })
  void noTwoListenersHaveOneAddressAndPort(String one, String other, String shared) {
    assertProblems(
        "listeners:\n  - {name: a, type: tcp, port: 1, bind: %s}\n".formatted(one)
            + "  - {name: b, type: tcp, port: 1, bind: %s}\n".formatted(other),
        "configuration:1:1 listeners: \"a\" and \"b\" both listen on port 1 of \""
            + shared
            + "\"; give one of them another port");
  }

  @Test
  void theHttpPortOfEnrolmentIsNoListeners() {
    assertProblems(
        "listeners:\n  - {name: a, type: tcp, port: 80}\nenrolment: {http-port: 80}",
        "configuration:1:1 listeners: enrolment.http-port and \"a\" both listen on port 80 of"
            + " \"127.0.0.1\"; give one of them another port");
  }

  @Test
  void listenersMayShareAPortOnOtherAddressesAndTakeFreeOnes() throws ConfigException {
    String yaml =
        """
        listeners:
          - {name: a, type: tcp, port: 1, bind: [127.0.0.1]}
          - {name: b, type: tcp, port: 1, bind: [127.0.0.2, localhost]}
          - {name: c, type: tcp, port: 0}
          - {name: d, type: tcp, port: 0}
        """;
    assertEquals(4, ConfigReader.parse(yaml).listeners().size());
  }

  @Test
  void valuesThatContradictEachOtherAreReportedAtTheKey() {
    assertProblems(
        "limits:\n  output-bytes-high: 5000\n  output-bytes-low: 5000\n",
        "configuration:3:3 limits.output-bytes-low: 5000 is not below limits.output-bytes-high:"
            + " 5000");
    assertProblems(
        "listeners:\n  - {name: a, type: tcp, port: 1, client-certificate: required}\n",
        "configuration:2:35 listeners[0].client-certificate: without TLS it can only be none");
    assertProblems(
        "listeners:\n  - {name: a, type: tcp, port: 1, proxy-protocol: true}\n",
        "configuration:2:5 listeners[0].trusted-proxies: name at least one when proxy-protocol is"
            + " on, else anybody could forge an address");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "limits: [1]                          | 1:9 limits: is no mapping; write \"key: value\""
            + " lines",
        "limits: {packet-bytes-max: [1]}      | 1:28 limits.packet-bytes-max: is no single value;"
            + " write one after the colon",
        "limits: {packet-bytes-max: }         | 1:27 limits.packet-bytes-max: has no value; write"
            + " one or remove the key",
        "limits: {packet-bytes-max: '1000'}   | 1:28 limits.packet-bytes-max: \"1000\" is no whole"
            + " number; write one in 2..268435460",
        "limits: {packet-bytes-max: 1e6}      | 1:28 limits.packet-bytes-max: \"1e6\" is no whole"
            + " number; write one in 2..268435460",
        "limits: {packet-bytes-max: 99999999999999999999} | 1:28 limits.packet-bytes-max:"
            + " \"99999999999999999999\" is no whole number; write one in 2..268435460",
        "admin: {page: yes}                   | 1:15 admin.page: \"yes\" is neither true nor false",
        "listeners: {name: a}                 | 1:12 listeners: is no list; start each entry with a"
            + " hyphen",
        "listeners: []                        | 1:1 listeners: empty; name at least one, or leave"
            + " the key out for the default ones",
        "policies: {shipped: [devices, all]}  | 1:31 policies.shipped: \"all\" is none of devices,"
            + " browsers",
        "policies: {directory: missing}       | 1:23 policies.directory: \"missing\" does not"
            + " exist",
        "{[a]: b}                             | 1:2 configuration: has a key that is no plain word",
        "just words                           | 1:1 configuration: is no mapping; write \"key:"
            + " value\" lines"
      })
  void pointsAtUnusableValues(String yaml, String problem) {
    assertProblems(yaml.strip(), "configuration:" + problem);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a: b: c", "a: [", "\ttab: 1", "--- a: 1\n--- b: 2", "a: *nowhere", "a: \u0007"})
  void textThatIsNoYamlIsOneProblem(String yaml) {
    ConfigException e = assertThrows(ConfigException.class, () -> ConfigReader.parse(yaml));
    assertEquals(1, e.problems().size());
    assertTrue(message(e).contains("is no YAML"), message(e));
  }

  @Test
  void filesAreLookedUpFromTheFolderOfTheConfiguration(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("s.crt"), "c");
    Files.writeString(folder.resolve("s.key"), "k");
    Path file =
        Files.writeString(
            folder.resolve("broker.yaml"),
            "tls: {certificate-file: s.crt, private-key-file: s.key}");
    assertEquals(
        folder.resolve("s.crt"), new ConfigReader(Map.of()).read(file).tls().certificateFile());
  }

  @Test
  void aCertificateNeedsItsKey(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("s.crt"), "c");
    Path file = Files.writeString(folder.resolve("broker.yaml"), "tls: {certificate-file: s.crt}");
    ConfigException e =
        assertThrows(ConfigException.class, () -> new ConfigReader(Map.of()).read(file));
    assertEquals(
        List.of(
            file
                + ":1:7 tls.certificate-file: goes together with tls.private-key-file; name both or"
                + " none"),
        e.problems());
  }

  @Test
  void secretsAreReadFromTheirFileAndNeverShown(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("s"), "0123456789abcdef0123456789abcdef\r\n");
    BrokerConfig config =
        new ConfigReader(Map.of())
            .read(issuer("{algorithm: HS256, hmac-secret-file: s}"), "f", folder);
    Secret secret = config.auth().jwt().issuers().getFirst().keys().getFirst().hmacSecret();
    assertEquals(
        new Secret("0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8)), secret);
    assertFalse(config.toString().contains("0123456789abcdef"), "the secret shows in toString");
    assertTrue(config.toString().contains("hmacSecret=***"));
  }

  @Test
  void keysMustFitTheirAlgorithm(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("short"), "too short");
    assertKeyProblem(
        folder, "{algorithm: HS256}", "HS256 needs hmac-secret-file and no public key");
    assertKeyProblem(
        folder,
        "{algorithm: ES256, hmac-secret-file: short}",
        "ES256 needs public-key-file or public-key and no secret");
    assertKeyProblem(
        folder,
        "{algorithm: HS512, hmac-secret-file: short}",
        "shorter than the 64 bytes that HS512 needs");
    assertKeyProblem(folder, "{algorithm: none}", "\"none\" is none of HS256");
    assertKeyProblem(
        folder, "{algorithm: ES256, public-key: x, public-key-file: short}", "remove one");
  }

  private static String issuer(String key) {
    return "auth: {jwt: {issuers: [{name: n, issuer: i, audiences: [a], keys: [" + key + "]}]}}";
  }

  private static void assertKeyProblem(Path folder, String key, String problem) {
    ConfigException e =
        assertThrows(
            ConfigException.class, () -> new ConfigReader(Map.of()).read(issuer(key), "f", folder));
    assertEquals(1, e.problems().size(), message(e));
    assertTrue(message(e).contains(problem), message(e));
  }

  @Test
  void aFileThatCannotBeReadIsNamed(@TempDir Path folder) throws Exception {
    Path missing = folder.resolve("no.yaml");
    ConfigException e =
        assertThrows(ConfigException.class, () -> new ConfigReader(Map.of()).read(missing));
    assertTrue(message(e).startsWith(missing + ": does not exist"), message(e));
    Path latin = Files.write(folder.resolve("latin.yaml"), new byte[] {'#', (byte) 0xE4});
    e = assertThrows(ConfigException.class, () -> new ConfigReader(Map.of()).read(latin));
    assertEquals(latin + ": is not UTF-8", message(e));
  }

  /** It would be full soon, and nothing but the log would say so. */
  @Test
  void aMapWithoutRoomBesideTheReserveIsRefused() throws Exception {
    assertProblems(
        "store: { map-bytes: 83886079 }",
        "configuration:1:10 store.map-bytes: 83886079 leaves less than 16777216 beside"
            + " disk-reserve-bytes, 67108864, which stay free in the map too");
    assertEquals(80 << 20, ConfigReader.parse("store: { map-bytes: 83886080 }").store().mapBytes());
    assertEquals(80 << 20, StoreConfig.DEFAULTS.mapBytesMin());
  }

  // ---- environment

  @Test
  void theEnvironmentWinsOverTheFile() throws Exception {
    var reader =
        new ConfigReader(
            Map.of(
                "SIGNALBOX_LIMITS_PACKET_BYTES_MAX",
                "4096",
                "SIGNALBOX_AUTH_JWT_GROUPS_CLAIM",
                "roles",
                "HOME",
                "/root"));
    BrokerConfig config = reader.read("limits: {packet-bytes-max: 100}", "f", Path.of(""));
    assertEquals(4096, config.limits().packetBytesMax());
    assertEquals("roles", config.auth().jwt().groupsClaim());
  }

  @Test
  void problemsOfTheEnvironmentNameTheVariable() {
    assertEnvironment(
        "SIGNALBOX_LIMITS_PACKET_BYTES_MAX",
        "x",
        "limits.packet-bytes-max: \"x\" is no whole number; write one in 2..268435460");
    assertEnvironment(
        "SIGNALBOX_LIMITS_PACKET_BYTE_MAX",
        "1",
        "stands for no key that can be set from the environment; did you mean"
            + " SIGNALBOX_LIMITS_PACKET_BYTES_MAX?");
    assertEnvironment(
        "SIGNALBOX_LIMIT_PACKET_BYTES_MAX",
        "1",
        "stands for no key that can be set from the environment; did you mean"
            + " SIGNALBOX_LIMITS_PACKET_BYTES_MAX?");
    assertEnvironment(
        "SIGNALBOX_TLS_TRUSTED_CAS",
        "x",
        "stands for no key that can be set from the environment; lists are set in the file only");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SIGNALBOX_LISTENERS",
        "SIGNALBOX_LISTENERS_0_PORT",
        "SIGNALBOX_LISTENERS_MQTTS_BIND",
        "SIGNALBOX_TLS_MORE_CERTIFICATES_0_CERTIFICATE_FILE"
      })
  void aVariableForAnEntryOfAListIsAnErrorWithAndWithoutThatList(String variable) {
    String problem =
        "environment "
            + variable
            + " stands for no key that can be set from the environment; lists are set in the file"
            + " only";
    var reader = new ConfigReader(Map.of(variable, "8884"));
    assertEquals(
        List.of(problem), assertThrows(ConfigException.class, reader::withoutFile).problems());
    String yaml = "listeners: [{ name: mqtts, type: tls, port: 8883 }]";
    assertEquals(
        List.of(problem),
        assertThrows(ConfigException.class, () -> reader.read(yaml, "f", Path.of(""))).problems());
  }

  private static void assertEnvironment(String variable, String value, String problem) {
    ConfigException e =
        assertThrows(
            ConfigException.class, () -> new ConfigReader(Map.of(variable, value)).withoutFile());
    assertEquals(List.of("environment " + variable + " " + problem), e.problems());
  }

  @Test
  void variablesThatAreNoneOfOursAreLeftAlone() throws Exception {
    Map<String, String> variables =
        Map.of(
            "SIGNALBOX_JAVA",
            "/opt/jdk",
            "SIGNALBOX_SERVICE_HOST",
            "10.0.0.1",
            "SIGNALBOX_ADMIN_PORT_8443_TCP",
            "tcp://x",
            "SIGNALBOX_ADMIN_PORT",
            "tcp://10.0.0.1:8443",
            "SIGNALBOX_ADMIN_SERVICE_PORT",
            "8443");
    assertEquals(BrokerConfig.DEFAULTS, new ConfigReader(variables).withoutFile());
  }

  private static void assertProblems(String yaml, String... problems) {
    ConfigException e = assertThrows(ConfigException.class, () -> ConfigReader.parse(yaml));
    assertEquals(String.join("\n", problems), e.getMessage());
    assertEquals(List.of(problems), e.problems());
  }

  private static String message(ConfigException e) {
    return String.join("\n", e.problems());
  }
}
