package io.signalbox.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.server.auth.TokenIssuer;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.registry.RegistryFixture;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokens that the broker signs. */
final class TokenRoutesTest {
  @TempDir Path directory;

  private static String request(int groups) {
    return IntStream.range(0, groups)
        .mapToObj(i -> "'%03d%s'".formatted(i, "g".repeat(253)))
        .collect(Collectors.joining(",", "{'subject':'s','groups':[", "]}"));
  }

  private TokenSigner signer() throws Exception {
    TokenIssuer issuer =
        TokenIssuer.openOrCreate(directory, Clocks.system(), RegistryFixture.RANDOM);
    return new TokenSigner() {
      @Override
      public Signed access(String subject, List<String> groups, Duration lifetime) {
        return new Signed(issuer.issue(subject, groups, lifetime), "id-of-" + subject);
      }

      @Override
      public Signed enrolment(
          @Nullable String device,
          @Nullable String template,
          long createdAtMillis,
          Duration lifetime) {
        throw new AssertionError("nothing enrols here");
      }
    };
  }

  @Test
  void noneIsGivenThatIsTooLongToBeAccepted() throws Exception {
    try (var api = AdminApiFixture.open(directory, signer())) {
      assertEquals(
          200, api.send(EnumSet.allOf(Role.class), "POST", "/access-tokens", request(40)).status());
      var e =
          assertThrows(
              ApiException.class,
              () -> api.send(EnumSet.allOf(Role.class), "POST", "/access-tokens", request(64)));
      assertEquals(ApiProblem.Type.INVALID, e.problem().type());
      assertTrue(e.problem().detail().contains("16384"), e.problem().detail());
    }
  }

  @Test
  void tellsAnswerAndAuditLogByWhatItIsRevoked() throws Exception {
    try (var api = AdminApiFixture.open(directory, signer())) {
      ApiResponse answer =
          api.send(EnumSet.of(Role.OPERATOR), "POST", "/access-tokens", "{'subject':'s'}");
      assertTrue(new String(answer.body(), UTF_8).contains("\"jti\":\"id-of-s\""));
      assertTrue(answer.changes().toString().contains("\"jti\":\"id-of-s\""));
    }
  }

  /** To policies the token's holder is that user. */
  @Test
  void aTokenInTheNameOfARegisteredUserNeedsTheRoleThatAChangeOfTheUserNeeds() throws Exception {
    try (var api = AdminApiFixture.open(directory, signer())) {
      Set<Role> admin = EnumSet.allOf(Role.class);
      Set<Role> operator = EnumSet.of(Role.VIEWER, Role.OPERATOR);
      api.send(admin, "PUT", "/users/alice", "{'password':'a long password'}");
      assertEquals(200, api.send(admin, "POST", "/access-tokens", "{'subject':'alice'}").status());
      assertEquals(
          200, api.send(operator, "POST", "/access-tokens", "{'subject':'alicia'}").status());
      var e =
          assertThrows(
              ApiException.class,
              () -> api.send(operator, "POST", "/access-tokens", "{'subject':'alice'}"));
      assertEquals(ApiProblem.Type.FORBIDDEN, e.problem().type());
    }
  }
}
