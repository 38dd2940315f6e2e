package io.signalbox.it.admin;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.TestIssuer;
import io.signalbox.it.identity.OpenSslCa;
import io.signalbox.it.wire.Transport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is registered under a name or claim of the configuration's would never count. */
final class ConfiguredNamesTest {
  private static final String ISSUER =
      "{'issuer':'%s','audiences':['iot'],'algorithms':['HS256'],'hmacSecret':'"
          + TestIssuer.secretBase64()
          + "'}";

  @TempDir Path folder;

  @Test
  void theNamesAndClaimsOfTheConfigurationAreTaken() throws IOException {
    OpenSslCa factory = OpenSslCa.create(folder, "factory");
    Path elsewhere =
        OpenSslCa.create(Files.createDirectory(folder.resolve("b")), "b").certificate();
    BrokerConfig config =
        BrokerConfig.empty()
            .listener(Transport.WSS, false, "optional")
            .yaml(
                "tls:\n  trusted-cas: [{ name: factory, file: %s }]\n"
                    .formatted(factory.certificate()));
    try (var broker =
        BrokerUnderTest.start(
            "configured-names", TestIssuer.trustedBy(config, new TestIssuer("acme", "narrow")))) {
      AdminClient admin = AdminClient.administrator(broker);
      String pem = Files.readString(elsewhere).replace("\n", "\\n");
      String trusted = "{'certificatePem':'" + pem + "'}";
      admin.put("/trusted-cas/factory", trusted).expectProblem(409, "conflict");
      admin.put("/issuing-cas/factory", "{}").expectProblem(409, "conflict");
      String acme = "https://acme.example";
      admin.put("/jwt-issuers/acme", ISSUER.formatted("x")).expectProblem(409, "conflict");
      admin.put("/jwt-issuers/other", ISSUER.formatted(acme)).expectProblem(409, "conflict");
      admin
          .put("/jwt-issuers/o", ISSUER.formatted("signalbox:local"))
          .expectProblem(409, "conflict");

      admin.put("/trusted-cas/factory-2", trusted).expect(201);
      admin.put("/issuing-cas/factory-3", "{}").expect(201);
      admin.put("/jwt-issuers/other", ISSUER.formatted("x")).expect(201);
    }
  }
}
