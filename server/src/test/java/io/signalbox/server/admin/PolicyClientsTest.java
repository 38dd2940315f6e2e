package io.signalbox.server.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.signalbox.acl.subject.Subject;
import io.signalbox.pki.RevocationReason;
import io.signalbox.server.auth.PolicyAuthorizers;
import io.signalbox.server.auth.PolicyStore;
import io.signalbox.server.config.PolicyConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.CertificateFields;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.DeviceCertificate;
import io.signalbox.server.registry.Fields;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.RegistryFixture;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which client a question means, and whether there could be one. */
final class PolicyClientsTest {
  @TempDir Path directory;

  /** Serial numbers, hexadecimal, of certificates that a connection would not be let in with. */
  private final Set<String> refused = new HashSet<>();

  private RegistryFixture fixture;
  private PolicyClients clients;

  @BeforeEach
  void open() throws Exception {
    fixture = RegistryFixture.open(directory);
    fixture.makeAuthority("factory");
    fixture.put(Kind.DEVICE, "p7", "{}");
    clients =
        new PolicyClients(
            fixture.registry,
            (chain, _) -> proved(chain.getFirst()),
            new PolicyAuthorizers(
                PolicyStore.open(PolicyConfig.DEFAULTS, new Metrics(1, "test"), Clocks.system())));
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private Optional<Principal> proved(X509Certificate certificate) {
    String serial = certificate.getSerialNumber().toString(16);
    if (refused.contains(serial)) {
      return Optional.empty();
    }
    var fields =
        new CertificateFields(
            "factory",
            "p7",
            serial,
            "",
            "",
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            Long.MAX_VALUE,
            null);
    return Optional.of(
        new Principal(
            "device:p7", AuthMethod.CERTIFICATE, "p7", null, List.of(), Map.of(), fields, null));
  }

  private PolicyClients.Asked ask(String question) throws RegistryException {
    JsonObject body = JsonParser.parseString(question.replace('\'', '"')).getAsJsonObject();
    Fields in = Fields.of(body);
    PolicyClients.Asked asked = clients.read(in, body);
    in.end();
    return asked;
  }

  private DeviceCertificate issue(String label) throws Exception {
    return fixture.ensure("p7", label, "{'csrPem':'" + RegistryFixture.csr("p7") + "'}").entry();
  }

  private void assertNoCertificateCounts() throws RegistryException {
    PolicyClients.Asked asked = ask("{'device':'p7'}");
    assertNull(asked.subject().certificate());
    String said = asked.notes().getFirst();
    assertTrue(said.startsWith("no certificate of the device that is in the inventory"), said);
  }

  /** Such as one below an intermediate authority, which the inventory does not have. */
  @Test
  void ofADeviceOfWhichNoCertificateCountsByItselfTheAnswerSaysSo() throws Exception {
    refused.add(issue("main").serial());
    assertNoCertificateCounts();
  }

  @Test
  void alsoOfOneWhoseCertificatesAreAllRevoked() throws Exception {
    fixture.inventory.revoke(issue("main").name(), RevocationReason.KEY_COMPROMISE, Condition.NONE);
    assertNoCertificateCounts();
  }

  @Test
  void aDeviceIsAskedAboutWithACertificateThatCounts() throws Exception {
    String old = issue("old").serial();
    String fresh = issue("new").serial();
    assertSerial(fresh);
    refused.add(fresh);
    assertSerial(old);
  }

  private void assertSerial(String serial) throws RegistryException {
    PolicyClients.Asked asked = ask("{'device':'p7'}");
    assertEquals(serial, Objects.requireNonNull(asked.subject().certificate()).serial());
    assertEquals(List.of(), asked.notes());
  }

  @Test
  void ofADeviceWithoutCertificateInTheInventoryTheAnswerSaysSo() throws Exception {
    PolicyClients.Asked asked = ask("{'device':'p7'}");
    assertNull(asked.subject().certificate());
    assertTrue(asked.notes().getFirst().startsWith("no certificate of the device"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"'device':'p7'", "'client':{'device':{'id':'p7'}}"})
  void aClientComesFromWhereTheQuestionSays(String client) throws Exception {
    for (String source : List.of("10.1.2.3", "2001:db8::1")) {
      assertEquals(
          InetAddress.ofLiteral(source),
          ask("{" + client + ",'source':'" + source + "'}").subject().source());
    }
    var problem =
        assertThrows(RegistryException.class, () -> ask("{" + client + ",'source':'localhost'}"));
    assertEquals("/source", problem.problems().getFirst().pointer());
  }

  /** What the description says itself, what the question adds, and what comes of it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {} | | default MQTTS V1_3
          {} | ,'listener':'iot' | iot MQTTS V1_3
          {} | ,'transport':'tcp' | default MQTT null
          {} | ,'transport':'ws' | default WS null
          {} | ,'transport':'wss' | default WSS V1_3
          {'tlsVersion':'TLSv1.2'} | ,'transport':'wss' | default WSS V1_2
          {'listener':'iot','transport':'mqtts'} | ,'listener':'iot','transport':'tls' | iot MQTTS V1_3
          {'transport':'ws'} | ,'transport':'ws' | default WS null
          """)
  void aDescribedClientComesByTheConnectionThatTheQuestionNames(
      String description, @Nullable String more, String connection) throws Exception {
    Subject client = ask("{'client':" + description + (more == null ? "" : more) + "}").subject();
    assertEquals(
        connection, client.listener() + " " + client.transport() + " " + client.tlsVersion());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {'listener':'iot'} | 'listener':'default' | /listener
          {'transport':'mqtts'} | 'transport':'tcp' | /transport
          {'transport':'ws'} | 'transport':'wss' | /transport
          {'tlsVersion':'TLSv1.3'} | 'transport':'ws' | /transport
          """)
  void aQuestionThatContradictsTheDescriptionIsRefused(
      String description, String more, String pointer) {
    var problem =
        assertThrows(
            RegistryException.class, () -> ask("{'client':" + description + "," + more + "}"));
    assertEquals(pointer, problem.problems().getFirst().pointer());
  }
}
