package io.signalbox.server.admin;

import io.signalbox.server.config.AdminConfig;
import io.signalbox.server.principal.CertificateFields;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.registry.Device;
import io.signalbox.server.registry.Registry;
import io.undertow.server.HttpServerExchange;
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
  private final RequestAuthenticator authenticator;
  private final Registry registry;
  private final AdminConfig config;
  private final @Nullable LocalToken localToken;

  /**
   * @param localToken null: not accepted
   */
  ApiAuthenticator(
      RequestAuthenticator authenticator,
      Registry registry,
      AdminConfig config,
      @Nullable LocalToken localToken) {
    this.authenticator = authenticator;
    this.registry = registry;
    this.config = config;
    this.localToken = localToken;
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
      LocalToken local = localToken;
      answer.accept(
          local != null && local.is(bearer)
              ? Optional.of(new Caller(LocalToken.ACTOR, EnumSet.allOf(Role.class), remote))
              : Optional.empty());
      return true;
    }
    return authenticator.authenticate(
        RequestCredentials.certificates(exchange),
        bearer,
        from,
        threads,
        found -> answer.accept(found.filter(this::isNotRefused).map(who -> caller(who, remote))));
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
