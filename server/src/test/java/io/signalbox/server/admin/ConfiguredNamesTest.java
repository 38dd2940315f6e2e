package io.signalbox.server.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.pki.Pem;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.RegistryFixture;
import io.undertow.util.StatusCodes;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nothing is registered under a name at which only the configuration counts. */
final class ConfiguredNamesTest {
  private static final Set<Role> EVERY = EnumSet.allOf(Role.class);
  private static final String ISSUER =
      "{'issuer':'%s','audiences':['a'],'algorithms':['HS256'],"
          + "'hmacSecret':'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=','enabled':%s}";

  @TempDir Path directory;

  private static X509Certificate certificate() throws Exception {
    return RegistryFixture.elsewhere().certificate();
  }

  private static String trusting(X509Certificate certificate, boolean enabled) {
    return "{'certificatePem':'%s','enabled':%s}"
        .formatted(Pem.encode(List.of(certificate)), enabled);
  }

  private AdminApiFixture beside() throws Exception {
    return AdminApiFixture.openBeside(
        directory,
        Map.of("factory", List.of(certificate())),
        Map.of("https://login.acme.example", "acme"));
  }

  private static void put(int status, AdminApiFixture api, String path, String entry)
      throws Exception {
    assertEquals(status, api.send(EVERY, "PUT", path, entry).status(), path);
  }

  private static void assertConflict(AdminApiFixture api, String path, String entry) {
    var e =
        assertThrows(EntryRoutes.Refused.class, () -> api.send(EVERY, "PUT", path, entry), path);
    assertEquals(ApiProblem.Type.CONFLICT, e.problem().type());
    assertTrue(e.problem().detail().startsWith("the configuration has"), e.problem().detail());
  }

  @Test
  void noAuthorityComesUnderTheNameOfAConfiguredOne() throws Exception {
    try (var api = beside()) {
      assertConflict(api, "/trusted-cas/factory", trusting(certificate(), true));
      put(StatusCodes.CREATED, api, "/trusted-cas/factory-2", trusting(certificate(), true));
      for (String form : List.of("{}", "{'offline':true}")) {
        var e =
            assertThrows(
                RegistryException.class,
                () -> api.send(EVERY, "PUT", "/issuing-cas/factory", form));
        assertEquals(RegistryException.Reason.CONFLICT, e.reason());
        assertTrue(e.getMessage().startsWith("the configuration has"), e.getMessage());
      }
      put(StatusCodes.CREATED, api, "/issuing-cas/plant", "{}");
    }
  }

  @Test
  void noIssuerComesUnderTheNameOrTheClaimOfAConfiguredOne() throws Exception {
    try (var api = beside()) {
      assertConflict(api, "/jwt-issuers/acme", ISSUER.formatted("https://other.example", true));
      String taken = ISSUER.formatted("https://login.acme.example", true);
      assertConflict(api, "/jwt-issuers/other", taken);
      String other = ISSUER.formatted("https://other.example", true);
      put(StatusCodes.CREATED, api, "/jwt-issuers/other", other);
      assertConflict(api, "/jwt-issuers/other", taken);
    }
  }

  /** The configuration got the names later. */
  @Test
  void whatWasThereBeforeIsSwitchedOffAndRemoved() throws Exception {
    X509Certificate trusted = certificate();
    String claimed = "https://login.acme.example";
    try (var api = AdminApiFixture.open(directory, null)) {
      put(StatusCodes.CREATED, api, "/trusted-cas/factory", trusting(trusted, true));
      put(StatusCodes.CREATED, api, "/jwt-issuers/acme", ISSUER.formatted("https://x", true));
      put(StatusCodes.CREATED, api, "/jwt-issuers/login", ISSUER.formatted(claimed, true));
    }
    try (var api = beside()) {
      put(StatusCodes.OK, api, "/trusted-cas/factory", trusting(trusted, false));
      put(StatusCodes.OK, api, "/jwt-issuers/acme", ISSUER.formatted("https://x", false));
      put(StatusCodes.OK, api, "/jwt-issuers/login", ISSUER.formatted(claimed, false));
      for (String path :
          List.of("/trusted-cas/factory", "/jwt-issuers/acme", "/jwt-issuers/login")) {
        assertEquals(StatusCodes.NO_CONTENT, api.send(EVERY, "DELETE", path, "").status(), path);
      }
    }
  }
}
