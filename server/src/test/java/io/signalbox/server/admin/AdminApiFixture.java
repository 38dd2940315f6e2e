package io.signalbox.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.auth.KeyRefresh;
import io.signalbox.server.auth.PolicyAuthorizers;
import io.signalbox.server.auth.PolicyStore;
import io.signalbox.server.config.AdminConfig;
import io.signalbox.server.config.PolicyConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.protocol.LiveClients;
import io.signalbox.server.registry.RegistryFixture;
import io.undertow.server.HttpHandler;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The API over a registry of its own. */
final class AdminApiFixture implements AutoCloseable {
  final RegistryFixture registry;
  final Metrics metrics;

  /** Who was denied what. */
  final List<String> denied = new CopyOnWriteArrayList<>();

  private final AuditLog audit;
  private final AdminApi api;

  private AdminApiFixture(
      AdminConfig config,
      RegistryFixture registry,
      AuditLog audit,
      LocalToken token,
      Map<String, String> configuredIssuers,
      @Nullable TokenSigner signer,
      long bodyBytesMax,
      Runnable inForce,
      Metrics metrics)
      throws Exception {
    this.registry = registry;
    this.metrics = metrics;
    this.audit = audit;
    PolicyStore policies =
        PolicyStore.open(PolicyConfig.DEFAULTS, registry.registry, metrics, Clocks.system());
    api =
        new AdminApi(
            new AdminApi.Parts(
                config,
                registry.registry,
                registry.authorities,
                registry.inventory,
                new ApiPolicies(policies, registry.registry),
                new PolicyAuthorizers(policies),
                new LiveClients(List.of(), (_, _, _) -> Optional.empty()),
                (_, _, _, _, _, _) -> false,
                (_, _) -> Optional.empty(),
                configuredIssuers,
                _ -> KeyRefresh.PENDING,
                inForce,
                token,
                signer,
                Duration.ofDays(1),
                audit,
                audit,
                (actor, remote, method, path, _) ->
                    denied.add(actor + " " + remote + " " + method + " " + path),
                new ServerFacts("test", List::of, () -> ""),
                bodyBytesMax,
                Clocks.system(),
                metrics));
  }

  /**
   * @param signer null: no tokens of its own
   */
  static AdminApiFixture open(Path directory, @Nullable TokenSigner signer) throws Exception {
    return open(directory, signer, 1_024);
  }

  /**
   * @param bodyBytesMax 0: no bound but that of the API
   */
  static AdminApiFixture open(Path directory, @Nullable TokenSigner signer, long bodyBytesMax)
      throws Exception {
    return open(directory, AdminConfig.DEFAULTS, signer, bodyBytesMax, () -> {});
  }

  /**
   * @param inForce what follows each change
   */
  static AdminApiFixture openWithInForce(Path directory, Runnable inForce) throws Exception {
    return open(directory, AdminConfig.DEFAULTS, null, 1_024, inForce);
  }

  /** With one thread, and room for so many requests that wait for it. */
  static AdminApiFixture openWithPendingRequestsMax(Path directory, int pendingRequestsMax)
      throws Exception {
    AdminConfig d = AdminConfig.DEFAULTS;
    return open(
        directory,
        new AdminConfig(
            d.page(),
            d.metricsFromLoopback(),
            d.metricsGroups(),
            d.roles(),
            d.localToken(),
            1,
            pendingRequestsMax,
            d.batchOperationsMax(),
            d.auditFileBytesMax(),
            d.auditFilesMax()),
        null,
        1_024,
        () -> {});
  }

  private static AdminApiFixture open(
      Path directory,
      AdminConfig config,
      @Nullable TokenSigner signer,
      long bodyBytesMax,
      Runnable inForce)
      throws Exception {
    var metrics = new Metrics(1, "test");
    return new AdminApiFixture(
        config,
        RegistryFixture.open(directory),
        AuditLog.open(directory.resolve("audit"), 1 << 20, 2, metrics),
        LocalToken.openOrCreate(directory, RegistryFixture.RANDOM),
        Map.of(),
        signer,
        bodyBytesMax,
        inForce,
        metrics);
  }

  /**
   * Beside what the configuration trusts.
   *
   * @param issuers names by the values of {@code iss}
   */
  static AdminApiFixture openBeside(
      Path directory, Map<String, List<X509Certificate>> authorities, Map<String, String> issuers)
      throws Exception {
    var metrics = new Metrics(1, "test");
    return new AdminApiFixture(
        AdminConfig.DEFAULTS,
        RegistryFixture.open(directory, authorities),
        AuditLog.open(directory.resolve("audit"), 1 << 20, 2, metrics),
        LocalToken.openOrCreate(directory, RegistryFixture.RANDOM),
        issuers,
        null,
        1_024,
        () -> {},
        metrics);
  }

  /** To be served over HTTP; takes the local token of the directory. */
  HttpHandler handler() {
    return api;
  }

  List<Route> routes() {
    return api.routes();
  }

  /**
   * What is answered, without HTTP and without a look at the role that the route asks for.
   *
   * @param json with ' for "
   */
  ApiResponse send(Set<Role> roles, String method, String path, String json) throws Exception {
    return send(roles, method, path, Map.of(), json);
  }

  /** To one who has what the header If-None-Match says. */
  ApiResponse get(Set<Role> roles, String path, String ifNoneMatch) throws Exception {
    return send(roles, "GET", path, Map.of("if-none-match", ifNoneMatch), "");
  }

  private ApiResponse send(
      Set<Role> roles, String method, String path, Map<String, String> headers, String json)
      throws Exception {
    List<String> segments = ApiPath.segments(path);
    for (Route route : routes()) {
      var parameters = route.match(segments);
      if (route.method().equals(method) && parameters.isPresent()) {
        return route
            .action()
            .run(
                new ApiRequest(
                    new Caller("test", roles, "127.0.0.1"),
                    path,
                    parameters.get(),
                    Map.of(),
                    headers,
                    json.replace('\'', '"').replace("\n", "\\n").getBytes(UTF_8)));
      }
    }
    throw new AssertionError("there is no such route");
  }

  @Override
  public void close() throws IOException {
    api.close();
    audit.close();
    registry.close();
  }
}
