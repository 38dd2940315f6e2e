package io.signalbox.server.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.KeyAlgorithm;
import io.signalbox.pki.Pem;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.RegistryFixture;
import java.nio.file.Path;
import java.time.Clock;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may say whose tokens and certificates are believed. */
final class VouchingTest {
  private static final Set<Role> ADMIN = EnumSet.of(Role.ADMIN, Role.OPERATOR, Role.VIEWER);
  private static final Set<Role> EVERY = EnumSet.allOf(Role.class);
  private static final String ISSUER =
      "{'issuer':'x','audiences':['a'],'algorithms':['HS256'],"
          + "'hmacSecret':'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=','enabled':%s}";

  @TempDir Path directory;
  private AdminApiFixture api;

  @BeforeEach
  void open() throws Exception {
    api = AdminApiFixture.open(directory, null);
  }

  @AfterEach
  void close() throws Exception {
    api.close();
  }

  private static String authority() throws Exception {
    CertificateAuthority elsewhere =
        CertificateAuthority.createRoot(
            "Elsewhere",
            KeyAlgorithm.EC_P256,
            CertificateProfile.ROOT.withPathLength(0),
            Clock.systemUTC(),
            RegistryFixture.RANDOM);
    return "{'certificatePem':'" + Pem.encode(List.of(elsewhere.certificate())) + "','enabled':%s}";
  }

  private void assertOnlyWithEveryRole(String path, String entry) throws Exception {
    String believed = entry.formatted("true");
    String idle = entry.formatted("false");
    for (int i = 0; i < 2; i++) {
      var e = assertThrows(EntryRoutes.Refused.class, () -> api.send(ADMIN, "PUT", path, believed));
      assertEquals(ApiProblem.Type.FORBIDDEN, e.problem().type());
      assertTrue(e.problem().detail().contains("auditor"), e.problem().detail());
      api.send(ADMIN, "PUT", path, idle);
      api.send(EVERY, "PUT", path, believed);
    }
    api.send(ADMIN, "DELETE", path, "");
  }

  @Test
  void anIssuerWhoseTokensGiveAnyRoleIsPutByThoseWhoHaveAll() throws Exception {
    assertOnlyWithEveryRole("/jwt-issuers/x", ISSUER);
  }

  @Test
  void anAuthorityWhoseCertificatesNameAnyDeviceIsPutByThoseWhoHaveAllRoles() throws Exception {
    assertOnlyWithEveryRole("/trusted-cas/x", authority());
  }

  @Test
  void aCertificateFromElsewhereIsInstalledByThoseWhoHaveAllRoles() throws Exception {
    String path = "/issuing-cas/x/certificate";
    String chain = "{'chainPem':'none'}";
    api.send(ADMIN, "PUT", "/issuing-cas/x", "{'offline':true}");
    var e = assertThrows(ApiException.class, () -> api.send(ADMIN, "PUT", path, chain));
    assertEquals(ApiProblem.Type.FORBIDDEN, e.problem().type());
    var invalid = assertThrows(RegistryException.class, () -> api.send(EVERY, "PUT", path, chain));
    assertEquals(RegistryException.Reason.INVALID, invalid.reason());
  }
}
