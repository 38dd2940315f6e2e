package io.signalbox.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonArray;
import com.google.gson.JsonParser;
import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.auth.KeyRefresh;
import io.signalbox.server.auth.PolicyStore;
import io.signalbox.server.config.AdminConfig;
import io.signalbox.server.config.PolicyConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.registry.Condition;
import io.signalbox.server.registry.Device;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.RegistryFixture;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices as callers with different roles change them. */
final class DeviceRoutesTest {
  private static final Set<Role> OPERATOR = EnumSet.of(Role.OPERATOR, Role.VIEWER);
  private static final Set<Role> ADMIN = EnumSet.of(Role.ADMIN, Role.OPERATOR, Role.VIEWER);

  @TempDir Path directory;
  private RegistryFixture fixture;
  private PolicyStore store;
  private ApiPolicies policies;
  private List<Route> routes;

  @BeforeEach
  void open() throws Exception {
    fixture = RegistryFixture.open(directory);
    store =
        PolicyStore.open(
            PolicyConfig.DEFAULTS, fixture.registry, new Metrics(1, "test"), Clocks.system());
    policies = new ApiPolicies(store, fixture.registry);
    var views =
        new Views(
            fixture.registry,
            fixture.authorities,
            new PolicyViews(policies),
            _ -> KeyRefresh.PENDING,
            Clocks.system());
    routes =
        new DeviceRoutes(
                fixture.registry,
                fixture.inventory,
                policies,
                views,
                new Grants(AdminConfig.DEFAULTS.roles()),
                100)
            .routes();
  }

  @Test
  void aBatchTellsWhatItHasDoneThoughOneOperationFails() throws Exception {
    send(ADMIN, "PUT", "/devices/d", "{}");
    policies.attach(
        PolicyAttachment.of("shipped:devices", "device", "d"), Condition.NONE, "a test");
    store.rollout(
        () -> {
          throw new IllegalStateException("a test");
        });
    ApiResponse response =
        send(
            ADMIN,
            "POST",
            "/devices/batch",
            "{'operations':[{'op':'put','id':'a','device':{}},{'op':'delete','id':'d'},"
                + "{'op':'put','id':'b','device':{}}]}");
    assertEquals(
        List.of("/devices/a", "/devices/b"),
        response.changes().stream().map(ApiResponse.AuditedChange::path).toList());
    assertEquals(List.of(new ApiResponse.AuditedRefusal("/devices/d", 500)), response.refusals());
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private ApiResponse send(Set<Role> roles, String method, String path, String json)
      throws Exception {
    for (Route route : Route.inOrder(routes)) {
      var parameters = route.match(List.of(path.substring(1).split("/")));
      if (route.method().equals(method) && parameters.isPresent()) {
        var request =
            new ApiRequest(
                new Caller("test", roles, "127.0.0.1"),
                path,
                parameters.get(),
                Map.of(),
                Map.of(),
                json.replace('\'', '"').getBytes(UTF_8));
        return route.action().run(request);
      }
    }
    throw new AssertionError("there is no such route");
  }

  private JsonArray batch(Set<Role> roles, String operations) throws Exception {
    ApiResponse answer =
        send(roles, "POST", "/devices/batch", "{'operations':[" + operations + "]}");
    return JsonParser.parseString(new String(answer.body(), UTF_8))
        .getAsJsonObject()
        .getAsJsonArray("results");
  }

  private static int status(JsonArray results, int index) {
    return results.get(index).getAsJsonObject().get("status").getAsInt();
  }

  private Device device(String id) {
    return Objects.requireNonNull(fixture.registry.device(id));
  }

  @Test
  void whoLacksARoleLetsNobodyInWhoGetsIt() throws Exception {
    fixture.put(Kind.GROUP, "signalbox-admins", "{}");
    List<String> refused = List.of("{'enabled':false}", "{'pendingApproval':true}");
    for (int i = 0; i < refused.size(); i++) {
      String boss = "/devices/boss" + i;
      send(ADMIN, "PUT", boss, "{'groups':['signalbox-admins']}");
      send(OPERATOR, "PUT", boss, refused.get(i));
      var e = assertThrows(EntryRoutes.Refused.class, () -> send(OPERATOR, "PUT", boss, "{}"));
      assertEquals(ApiProblem.Type.FORBIDDEN, e.problem().type());
      assertEquals(
          403, status(batch(OPERATOR, "{'op':'put','id':'boss" + i + "','device':{}}"), 0));
      send(OPERATOR, "PUT", boss, "{'displayName':'out'," + refused.get(i).substring(1));

      send(ADMIN, "PUT", boss, "{}");
      send(OPERATOR, "PUT", boss, "{'displayName':'in'}");
      assertEquals("in", device("boss" + i).displayName());
    }
  }

  @Test
  void aBatchIsCarriedOutInItsOrder() throws Exception {
    send(OPERATOR, "PUT", "/devices/p7", "{'displayName':'old'}");
    String delete = "{'op':'delete','id':'p7'}";
    JsonArray results =
        batch(
            OPERATOR,
            "{'op':'put','id':'p8','device':{}},"
                + delete
                + ",{'op':'put','id':'p7','device':{'displayName':'new'}}");
    assertEquals(201, status(results, 0));
    assertEquals(204, status(results, 1));
    assertEquals(201, status(results, 2));
    assertEquals("new", device("p7").displayName());

    results = batch(OPERATOR, "{'op':'put','id':'p7','device':{}}," + delete + "," + delete);
    assertEquals(200, status(results, 0));
    assertEquals(204, status(results, 1));
    assertEquals(404, status(results, 2));
    assertNull(fixture.registry.device("p7"));
  }

  @Test
  void aBatchChangesADeviceBackToWhatItWas() throws Exception {
    String asItWas = "{'op':'put','id':'p7','device':{'displayName':'A'}}";
    send(OPERATOR, "PUT", "/devices/p7", "{'displayName':'A'}");
    JsonArray results =
        batch(
            OPERATOR, asItWas + ",{'op':'put','id':'p7','device':{'displayName':'B'}}," + asItWas);
    assertEquals("A", device("p7").displayName());
    for (int i = 0; i < 3; i++) {
      assertEquals(200, status(results, i));
    }
    assertEquals(
        device("p7").stamp().revision(),
        results.get(2).getAsJsonObject().get("revision").getAsLong());
  }

  @Test
  void theAuditLogHasWhatABatchRefusesAndWhatARemovalRevokes() throws Exception {
    fixture.put(Kind.GROUP, "signalbox-admins", "{}");
    fixture.makeAuthority("factory");
    send(OPERATOR, "PUT", "/devices/p7", "{}");
    String csr = "{'csrPem':'" + RegistryFixture.csr("p7") + "'}";
    String first = "/certificates/" + fixture.ensure("p7", "a", csr).entry().name();
    String second = "/certificates/" + fixture.ensure("p7", "b", csr).entry().name();

    ApiResponse answer =
        send(
            OPERATOR,
            "POST",
            "/devices/batch",
            "{'operations':[{'op':'put','id':'boss','device':{'groups':['signalbox-admins']}},"
                + "{'op':'delete','id':'p7'},{'op':'delete','id':'p8'}]}");

    assertEquals(
        List.of(
            new ApiResponse.AuditedRefusal("/devices/boss", 403),
            new ApiResponse.AuditedRefusal("/devices/p8", 404)),
        answer.refusals());
    assertEquals(
        Set.of("/devices/p7", first, second),
        answer.changes().stream().map(ApiResponse.AuditedChange::path).collect(Collectors.toSet()));
    for (ApiResponse.AuditedChange change : answer.changes()) {
      if (!change.path().equals("/devices/p7")) {
        assertEquals(
            "cessationOfOperation",
            change.after().getAsJsonObject().get("revocationReason").getAsString());
      }
    }
  }
}
