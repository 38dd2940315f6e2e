package io.signalbox.server.enrolment;

import io.signalbox.pki.CertificateAuthority;
import io.signalbox.pki.OcspAuthority;
import io.signalbox.pki.OcspResponder;
import io.signalbox.server.registry.Authorities;
import io.signalbox.server.registry.DeviceCertificate;
import io.signalbox.server.registry.IssuingAuthority;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.cert.CertificateEncodingException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What anybody may know of the authorities here, without authentication and over plain HTTP too,
 * because all of it is signed: {@code /pki/NAME.crt}, {@code /pki/NAME.crl}, and OCSP (RFC 6960) by
 * POST to {@code /pki/ocsp} or GET below it.
 */
public final class StatusHandler implements HttpHandler {
  public static final String PREFIX = "/pki/";

  private static final Logger LOG = System.getLogger(StatusHandler.class.getName());
  private static final String OCSP = "ocsp";
  private static final Duration ANSWER_VALIDITY = Duration.ofHours(1);

  /** A list is signed again after so long at the most, and after each revocation. */
  private static final long LIST_MILLIS = 3_600_000;

  private final Registry registry;
  private final Authorities authorities;
  private final Clock clock;
  private final SecureRandom random;
  private final ConcurrentHashMap<String, SignedList> lists = new ConcurrentHashMap<>();

  /** Raised by every change of a certificate or an authority. */
  private final AtomicLong changes = new AtomicLong();

  /** A list and the state of the registry that it tells of. */
  private record SignedList(long changes, long madeMillis, byte[] der) {}

  public StatusHandler(
      Registry registry, Authorities authorities, Clock clock, SecureRandom random) {
    this.registry = registry;
    this.authorities = authorities;
    this.clock = clock;
    this.random = random;
    registry.onChange(
        change -> {
          if (change.before() instanceof DeviceCertificate || change.kind() == Kind.ISSUING_CA) {
            changes.incrementAndGet();
          }
        });
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) {
    String rest = exchange.getRequestPath().substring(PREFIX.length());
    boolean reads =
        exchange.getRequestMethod().equals(Methods.GET)
            || exchange.getRequestMethod().equals(Methods.HEAD);
    if (rest.equals(OCSP) && exchange.getRequestMethod().equals(Methods.POST)) {
      RequestBody.receive(
          exchange,
          OcspResponder.REQUEST_BYTES_MAX,
          (complete, question) -> complete.dispatch(() -> answer(complete, question)),
          refused -> refused.setStatusCode(StatusCodes.REQUEST_ENTITY_TOO_LARGE).endExchange());
    } else if (reads && rest.startsWith(OCSP + "/")) {
      byte[] question = OcspResponder.questionInPath(lastPart(exchange));
      exchange.dispatch(() -> answer(exchange, question));
    } else if (reads && rest.endsWith(".crl")) {
      String name = rest.substring(0, rest.length() - ".crl".length());
      exchange.dispatch(() -> list(exchange, name));
    } else if (reads && rest.endsWith(".crt")) {
      certificate(exchange, rest.substring(0, rest.length() - ".crt".length()));
    } else {
      exchange.setStatusCode(StatusCodes.NOT_FOUND).endExchange();
    }
  }

  /** From the address as it was sent: base64 may hold a slash. */
  private static String lastPart(HttpServerExchange exchange) {
    String sent = exchange.getRequestURI();
    int at = sent.indexOf(PREFIX + OCSP + "/");
    String part = at < 0 ? "" : sent.substring(at + PREFIX.length() + OCSP.length() + 1);
    try {
      return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.US_ASCII);
    } catch (IllegalArgumentException _) {
      return "";
    }
  }

  private void answer(HttpServerExchange exchange, byte[] question) {
    byte[] answer =
        new OcspResponder(ocspAuthorities(), ANSWER_VALIDITY, clock, random).answer(question);
    send(exchange, OcspResponder.RESPONSE_TYPE, answer, 0);
  }

  private List<OcspAuthority> ocspAuthorities() {
    List<OcspAuthority> all = new ArrayList<>();
    for (IssuingAuthority entry : registry.all(Kind.ISSUING_CA)) {
      try {
        CertificateAuthority signer = authorities.signer(entry.name());
        all.add(OcspAuthority.signingItself(signer, serial -> authorities.status(entry, serial)));
      } catch (RegistryException e) {
        LOG.log(Level.DEBUG, "no OCSP for {0}: {1}", entry.name(), e.getMessage());
        if (e.reason() == RegistryException.Reason.UNAVAILABLE) {
          all.add(OcspAuthority.withoutKey(authorities.chain(entry).getFirst()));
        }
      }
    }
    return all;
  }

  private void list(HttpServerExchange exchange, String name) {
    long now = clock.millis();
    long state = changes.get();
    try {
      SignedList known = lists.get(name);
      if (known == null
          || known.changes != state
          || now - known.madeMillis >= LIST_MILLIS
          || now < known.madeMillis) {
        known = new SignedList(state, now, authorities.revocationList(name).encoded());
        lists.put(name, known); // only of authorities that there are
      }
      send(exchange, "application/pkix-crl", known.der, 60);
    } catch (RegistryException e) {
      boolean isAway = e.reason() == RegistryException.Reason.UNAVAILABLE;
      exchange
          .setStatusCode(isAway ? StatusCodes.SERVICE_UNAVAILABLE : StatusCodes.NOT_FOUND)
          .endExchange();
    }
  }

  private void certificate(HttpServerExchange exchange, String name) {
    IssuingAuthority entry = registry.find(Kind.ISSUING_CA, name);
    var chain =
        entry == null ? List.<java.security.cert.X509Certificate>of() : authorities.chain(entry);
    if (chain.isEmpty()) {
      exchange.setStatusCode(StatusCodes.NOT_FOUND).endExchange();
      return;
    }
    try {
      send(exchange, "application/pkix-cert", chain.getFirst().getEncoded(), 3_600);
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a certificate that was read cannot be written", e);
    }
  }

  private static void send(
      HttpServerExchange exchange, String type, byte[] body, int cacheSeconds) {
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, type);
    exchange
        .getResponseHeaders()
        .put(
            Headers.CACHE_CONTROL,
            cacheSeconds == 0 ? "no-store" : "public, max-age=" + cacheSeconds);
    exchange.getResponseSender().send(ByteBuffer.wrap(body));
  }
}
