package io.signalbox.server.admin;

import io.signalbox.server.config.AdminConfig;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.principal.CertificateFields;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.registry.Device;
import io.signalbox.server.registry.Registry;
import io.undertow.server.HttpServerExchange;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Finds out who calls the API. Nobody is let in without a credential, from wherever. */
final class ApiAuthenticator {
  private static final Logger LOG = System.getLogger(ApiAuthenticator.class.getName());

  private final RequestAuthenticator authenticator;
  private final Registry registry;
  private final AdminConfig config;
  private final @Nullable LocalToken localToken;
  private final Metrics metrics;

  /**
   * @param localToken null: not accepted
   */
  ApiAuthenticator(
      RequestAuthenticator authenticator,
      Registry registry,
      AdminConfig config,
      @Nullable LocalToken localToken,
      Metrics metrics) {
    this.authenticator = authenticator;
    this.registry = registry;
    this.config = config;
    this.localToken = localToken;
    this.metrics = metrics;
  }

  /**
   * Checks signatures: not on an I/O thread.
   *
   * @param threads where it goes on if it must wait
   * @param answer called on this thread or one of those; empty if nothing proves an identity
   * @return false: too many wait already; there is no answer
   */
  boolean identify(
      HttpServerExchange exchange, Executor threads, Consumer<Optional<Caller>> answer) {
    InetAddress from = exchange.getSourceAddress().getAddress();
    String remote = from.getHostAddress();
    String bearer = RequestCredentials.bearerToken(exchange);
    if (bearer != null && bearer.startsWith(LocalToken.PREFIX)) {
      answer.accept(administrator(bearer, remote, RequestCredentials.named(exchange)));
      return true;
    }
    return authenticator.authenticate(
        RequestCredentials.certificates(exchange),
        bearer,
        from,
        RequestCredentials.named(exchange),
        threads,
        found -> answer.accept(found.filter(this::isNotRefused).map(who -> caller(who, remote))));
  }

  private Optional<Caller> administrator(String bearer, String remote, String request) {
    LocalToken local = localToken;
    if (local != null && local.is(bearer)) {
      return Optional.of(new Caller(LocalToken.ACTOR, EnumSet.allOf(Role.class), remote));
    }
    metrics.authenticationFailures.inc(Metrics.AuthFailure.ADMIN_TOKEN);
    // no flood: it is held against the address, and another guess needs another connection
    LOG.log(
        Level.WARNING,
        "an HTTP request from {0}, {1}, is not authenticated: {2}",
        remote,
        LogText.quote(request),
        local == null
            ? "it shows an admin.token, and admin.local-token is false"
            : "its token is not, or no more, that of the file admin.token");
    return Optional.empty();
  }

  private Caller caller(Principal who, String remote) {
    return new Caller(who.id(), Role.of(groups(who), config.roles()), remote);
  }

  private boolean isNotRefused(Principal principal) {
    CertificateFields certificate = principal.certificate();
    Device device = device(principal);
    return (certificate == null || !registry.isRefused(certificate.fingerprint()))
        && (device == null || device.mayConnect());
  }

  private List<String> groups(Principal principal) {
    List<String> groups = new ArrayList<>(principal.groups());
    Device device = device(principal);
    if (device != null) {
      groups.addAll(device.groups());
    }
    return groups;
  }

  private @Nullable Device device(Principal principal) {
    String id = principal.deviceId();
    return id == null ? null : registry.device(id);
  }
}
