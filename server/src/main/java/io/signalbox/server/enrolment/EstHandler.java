package io.signalbox.server.enrolment;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.pki.CertificateProfile;
import io.signalbox.pki.EstMessages;
import io.signalbox.pki.PkiException;
import io.signalbox.server.auth.AuthenticatorChain;
import io.signalbox.server.auth.EnrolmentTokens;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.metrics.Metrics.EnrolmentOutcome;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.Principal;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.RenegotiationRequiredException;
import io.undertow.server.SSLSessionInfo;
import io.undertow.util.Headers;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * Enrolment over Secure Transport (RFC 7030) under {@value #PREFIX}, with an optional label that
 * names the issuing authority.
 */
public final class EstHandler implements HttpHandler {
  public static final String PREFIX = "/.well-known/est/";

  private static final Logger LOG = System.getLogger(EstHandler.class.getName());

  private final Enrolment enrolment;
  private final EnrolmentTokens tokens;
  private final AuthenticatorChain authenticators;
  private final EnrolmentAudit audit;
  private final Metrics metrics;

  /**
   * @param authenticators know whose the chain of a TLS connection is, at this moment
   * @param audit written before an applicant is answered
   */
  public EstHandler(
      Enrolment enrolment,
      EnrolmentTokens tokens,
      AuthenticatorChain authenticators,
      EnrolmentAudit audit,
      Metrics metrics) {
    this.audit = audit;
    this.metrics = metrics;
    this.enrolment = enrolment;
    this.tokens = tokens;
    this.authenticators = authenticators;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) {
    String[] path = exchange.getRequestPath().substring(PREFIX.length()).split("/", -1);
    String label = path.length == 2 ? path[0] : null;
    String operation = path[path.length - 1];
    boolean reads = exchange.getRequestMethod().equals(Methods.GET);
    boolean posts = exchange.getRequestMethod().equals(Methods.POST);
    if (path.length > 2 || !exchange.isSecure()) {
      text(exchange, StatusCodes.NOT_FOUND, "nothing is here");
    } else if (reads && operation.equals("cacerts")) {
      exchange.dispatch(() -> answer(exchange, () -> cacerts(exchange, label)));
    } else if (reads && operation.equals("csrattrs")) {
      exchange.dispatch(() -> answer(exchange, () -> csrattrs(exchange)));
    } else if (posts && (operation.equals("simpleenroll") || operation.equals("simplereenroll"))) {
      receive(exchange, operation.equals("simplereenroll"), label);
    } else {
      text(exchange, StatusCodes.NOT_FOUND, "no such operation of EST, or with another method");
    }
  }

  private void receive(HttpServerExchange exchange, boolean renews, @Nullable String label) {
    RequestBody.receive(
        exchange,
        EstMessages.REQUEST_BODY_BYTES_MAX,
        (complete, body) ->
            complete.dispatch(
                () -> answer(complete, counted(() -> identify(complete, body, renews, label)))),
        refused -> {
          metrics.enrolments.inc(EnrolmentOutcome.INVALID);
          text(
              refused,
              StatusCodes.REQUEST_ENTITY_TOO_LARGE,
              "a request larger than " + EstMessages.REQUEST_BODY_BYTES_MAX + " bytes");
        });
  }

  private Operation counted(Operation operation) {
    return () -> {
      try {
        operation.run();
      } catch (EnrolmentException e) {
        metrics.enrolments.inc(
            switch (e.status()) {
              case StatusCodes.UNAUTHORIZED -> EnrolmentOutcome.UNAUTHORIZED;
              case StatusCodes.FORBIDDEN,
                  StatusCodes.CONFLICT,
                  StatusCodes.NOT_FOUND,
                  StatusCodes.TOO_MANY_REQUESTS ->
                  EnrolmentOutcome.REFUSED;
              case StatusCodes.BAD_REQUEST -> EnrolmentOutcome.INVALID;
              default -> EnrolmentOutcome.FAILED;
            });
        throw e;
      } catch (PkiException | RuntimeException e) {
        metrics.enrolments.inc(EnrolmentOutcome.FAILED);
        throw e;
      }
    };
  }

  /** What an operation does on a worker thread. */
  private interface Operation {
    void run() throws EnrolmentException, PkiException, InterruptedException;
  }

  private static void answer(HttpServerExchange exchange, Operation operation) {
    try {
      operation.run();
    } catch (EnrolmentException e) {
      LOG.log(
          Level.WARNING,
          "refused {0} from {1}: {2}",
          LogText.quote(exchange.getRequestPath()),
          exchange.getSourceAddress().getAddress().getHostAddress(),
          e.getMessage());
      if (e.status() == StatusCodes.UNAUTHORIZED) {
        exchange.getResponseHeaders().put(Headers.WWW_AUTHENTICATE, "Basic realm=\"enrolment\"");
        exchange.setPersistent(false); // another guess needs another connection, which is counted
      }
      text(exchange, e.status(), String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      text(exchange, StatusCodes.SERVICE_UNAVAILABLE, "the broker is stopping");
    } catch (PkiException | RuntimeException e) {
      LOG.log(Level.ERROR, "an enrolment failed", e);
      text(exchange, StatusCodes.INTERNAL_SERVER_ERROR, "it failed here, see the broker's log");
    }
  }

  private void cacerts(HttpServerExchange exchange, @Nullable String label)
      throws EnrolmentException {
    certificates(exchange, enrolment.authorities(label));
  }

  private static void csrattrs(HttpServerExchange exchange) throws PkiException {
    send(exchange, EstMessages.ATTRIBUTES_TYPE, EstMessages.attributes(CertificateProfile.DEVICE));
  }

  /** Goes on with {@link #enrol} once it is known who asks, here or on another worker thread. */
  private void identify(
      HttpServerExchange exchange, byte[] body, boolean renews, @Nullable String label)
      throws EnrolmentException {
    boolean taken =
        applicant(
            exchange,
            known -> answer(exchange, counted(() -> enrol(exchange, body, renews, label, known))));
    if (!taken) {
      throw new EnrolmentException(
          StatusCodes.SERVICE_UNAVAILABLE,
          "too many credentials wait to be checked, see auth.pending-max");
    }
  }

  private void enrol(
      HttpServerExchange exchange,
      byte[] body,
      boolean renews,
      @Nullable String label,
      Applicant applicant)
      throws EnrolmentException, InterruptedException {
    String obstacle = audit.obstacle();
    if (obstacle != null) {
      throw new EnrolmentException(
          StatusCodes.SERVICE_UNAVAILABLE, obstacle + ", so nothing is issued");
    }
    InetAddress from = exchange.getSourceAddress().getAddress();
    Enrolment.Issued issued;
    try {
      issued =
          renews
              ? enrolment.renew(body, applicant, label)
              : enrolment.enrol(body, applicant, label);
    } catch (EnrolmentException e) {
      String alone = e.newDevice();
      if (alone != null) {
        audit.registeredAlone(actor(applicant), from, alone, String.valueOf(e.getMessage()));
      }
      if (e.isInterrupt()) {
        Thread.currentThread().interrupt();
      }
      throw e;
    }
    if (issued.isNew()) {
      audit.issued(actor(applicant), from, issued.entry(), issued.isNewDevice());
    }
    certificates(exchange, List.of(issued.certificate()));
    metrics.enrolments.inc(renews ? EnrolmentOutcome.RENEWED : EnrolmentOutcome.ISSUED);
  }

  private static String actor(Applicant applicant) {
    return switch (applicant) {
      case Applicant.Holder holder -> holder.device().id();
      case Applicant.Claimant claimant -> "claim-token:" + claimant.token();
      case Applicant.Invited _ -> "enrolment-token";
      case Applicant.Stranger _ -> "";
    };
  }

  /** Gives false, and no answer, if too many wait already. */
  private boolean applicant(HttpServerExchange exchange, Consumer<Applicant> answer) {
    String header = exchange.getRequestHeaders().getFirst(Headers.AUTHORIZATION);
    List<X509Certificate> chain = certificates(exchange);
    if (header != null || chain.isEmpty()) {
      answer.accept(header == null ? new Applicant.Stranger(null) : claimant(header, exchange));
      return true;
    }
    return authenticators.identify(
        chain,
        null,
        exchange.getSourceAddress().getAddress(),
        exchange.getRequestMethod() + " " + exchange.getRequestURI(),
        exchange.getConnection().getWorker(),
        device -> answer.accept(holder(device, chain.getFirst())));
  }

  private static Applicant holder(Optional<Principal> device, X509Certificate certificate) {
    return device.isPresent()
        ? new Applicant.Holder(device.get(), certificate)
        : new Applicant.Stranger("the client certificate is not accepted");
  }

  /**
   * Basic with a claim token's name and secret; the same pair, or an enrolment token, behind the
   * word Bearer.
   */
  private Applicant claimant(String header, HttpServerExchange exchange) {
    String[] words = header.strip().split("\\s+", 2);
    String scheme = words[0].toLowerCase(Locale.ROOT);
    String pair = words.length == 2 ? words[1] : "";
    if (scheme.equals("basic")) {
      try {
        pair = new String(Base64.getDecoder().decode(pair), UTF_8);
      } catch (IllegalArgumentException e) {
        return new Applicant.Stranger("the header Authorization is not base64");
      }
    } else if (!scheme.equals("bearer")) {
      return new Applicant.Stranger("the header Authorization must be Basic or Bearer");
    }
    int colon = pair.indexOf(':');
    if (colon < 0 && scheme.equals("bearer")) {
      return tokens
          .read(pair)
          .<Applicant>map(Applicant.Invited::new)
          .orElseGet(() -> new Applicant.Stranger("the enrolment token is not accepted"));
    }
    return colon <= 0
        ? new Applicant.Stranger("the claim token must be its name, a colon and its secret")
        : new Applicant.Claimant(
            pair.substring(0, colon),
            pair.substring(colon + 1),
            exchange.getSourceAddress().getAddress());
  }

  private static List<X509Certificate> certificates(HttpServerExchange exchange) {
    SSLSessionInfo tls = exchange.getConnection().getSslSessionInfo();
    List<X509Certificate> chain = new ArrayList<>();
    if (tls != null) {
      try {
        for (Certificate certificate : tls.getPeerCertificates()) {
          chain.add((X509Certificate) certificate);
        }
      } catch (SSLPeerUnverifiedException | RenegotiationRequiredException _) {
        return List.of();
      }
    }
    return chain;
  }

  private static void certificates(HttpServerExchange exchange, List<X509Certificate> chain) {
    send(exchange, EstMessages.CERTIFICATES_TYPE, EstMessages.certificates(chain));
  }

  private static void send(HttpServerExchange exchange, String type, byte[] base64) {
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, type);
    exchange.getResponseHeaders().put(Headers.CONTENT_TRANSFER_ENCODING, "base64");
    exchange.getResponseSender().send(ByteBuffer.wrap(base64));
  }

  private static void text(HttpServerExchange exchange, int status, String problem) {
    exchange.setStatusCode(status);
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/plain; charset=utf-8");
    exchange.getResponseSender().send(problem + "\n");
  }
}
