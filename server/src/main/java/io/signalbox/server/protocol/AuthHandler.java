package io.signalbox.server.protocol;

import io.signalbox.server.auth.Authentication;
import io.signalbox.server.auth.ExchangeAuthenticator.Exchange;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Auth;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.PacketType;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.session.Session;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * AUTH: the exchange that a CONNECT with an Authentication Method begins, and re-authentication
 * (MQTT 5.0 section 4.12).
 */
final class AuthHandler {
  private static final Logger LOG = System.getLogger(AuthHandler.class.getName());
  private static final byte[] NO_DATA = {};

  private final ProtocolContext context;
  private final ConnectHandler connectHandler;

  AuthHandler(ProtocolContext context, ConnectHandler connectHandler) {
    this.context = context;
    this.connectHandler = connectHandler;
  }

  /** CONNECT named a method; the client's reads are suspended. */
  void begin(Client client, Connect connect, String method) {
    if (!context.exchanges().knows(method)) {
      connectHandler.refuse(
          client,
          ReasonCode.BAD_AUTHENTICATION_METHOD,
          "no authentication method " + LogText.quote(method)); // [MQTT-4.12.0-1]
      return;
    }
    EnhancedAuth auth = client.beginEnhancedAuth(connect, method);
    Exchange exchange = begin(client, auth);
    exchange.next(
        data(connect.properties()),
        client.connection().loop(),
        outcome -> connectStep(client, auth, outcome));
  }

  private Exchange begin(Client client, EnhancedAuth auth) {
    Exchange exchange =
        context.exchanges().begin(auth.method(), auth.connect(), client.connection().peer());
    auth.begin(exchange, context.clients().epoch());
    return exchange;
  }

  private void connectStep(Client client, EnhancedAuth auth, Authentication outcome) {
    if (client.phase() != Client.Phase.CONNECTING) {
      ConnectHandler.tooLate(client, outcome);
      return;
    }
    switch (outcome) {
      case Authentication.Continue more -> {
        send(client, auth, ReasonCode.CONTINUE_AUTHENTICATION, more.data()); // [MQTT-4.12.0-2]
        auth.awaitClient();
        client.connection().resumeReads();
      }
      case Authentication.Accepted accepted -> {
        Connect connect = auth.connect();
        auth.over(accepted.data());
        connectHandler.authenticated(client, connect, accepted);
      }
      case Authentication.Rejected rejected ->
          connectHandler.rejected(
              client, rejected, withoutPassword(rejected.reason())); // [MQTT-4.12.0-4]
    }
  }

  /** An exchange has no User Name and Password that could be bad; DISCONNECT has no such code. */
  private static ReasonCode withoutPassword(ReasonCode reason) {
    return reason == ReasonCode.BAD_USER_NAME_OR_PASSWORD ? ReasonCode.NOT_AUTHORIZED : reason;
  }

  void onAuth(Client client, Auth packet) throws PacketException {
    EnhancedAuth auth = client.enhancedAuth();
    if (auth == null) {
      throw PacketException.protocolError(
          "AUTH without an authentication method in CONNECT"); // [MQTT-4.12.0-6]
    }
    if (!auth.method().equals(packet.properties().string(Property.AUTHENTICATION_METHOD))) {
      throw PacketException.protocolError(
          "AUTH with another authentication method than CONNECT"); // [MQTT-4.12.0-5]
    }
    if (client.phase() == Client.Phase.CONNECTED) {
      reauthenticate(client, auth, packet);
      return;
    }
    Exchange exchange = auth.exchange();
    if (exchange == null || packet.reason() != ReasonCode.CONTINUE_AUTHENTICATION) {
      throw PacketException.protocolError(
          "AUTH with reason " + packet.reason() + " while connecting"); // [MQTT-4.12.0-3]
    }
    client.connection().suspendReads();
    auth.taken();
    exchange.next(
        data(packet.properties()),
        client.connection().loop(),
        outcome -> connectStep(client, auth, outcome));
  }

  private void reauthenticate(Client client, EnhancedAuth auth, Auth packet)
      throws PacketException {
    Exchange exchange = auth.exchange();
    boolean begins = packet.reason() == ReasonCode.RE_AUTHENTICATE;
    if (begins != (exchange == null)) {
      throw PacketException.protocolError(
          begins ? "re-authentication is under way already" : "no re-authentication is under way");
    }
    if (exchange == null) {
      exchange = begin(client, auth);
      long millis = context.limits().connectTimeout().toMillis();
      auth.limitedBy(client.connection().loop().schedule(millis, () -> timedOut(client)));
    } else if (!auth.isAwaited()) {
      throw PacketException.protocolError("AUTH while the one before is looked at");
    }
    auth.taken();
    exchange.next(
        data(packet.properties()),
        client.connection().loop(),
        outcome -> reauthenticationStep(client, auth, outcome));
  }

  private void reauthenticationStep(Client client, EnhancedAuth auth, Authentication outcome) {
    if (outcome instanceof Authentication.Rejected rejected) {
      ConnectHandler.countRefused(client, rejected);
    }
    if (client.phase() != Client.Phase.CONNECTED) {
      return;
    }
    switch (outcome) {
      case Authentication.Continue more -> {
        send(client, auth, ReasonCode.CONTINUE_AUTHENTICATION, more.data());
        auth.awaitClient();
      }
      case Authentication.Accepted accepted -> renewed(client, auth, accepted);
      case Authentication.Rejected rejected ->
          failed(client, withoutPassword(rejected.reason()), rejected.cause());
    }
  }

  private void timedOut(Client client) {
    failed(
        client,
        ReasonCode.NOT_AUTHORIZED,
        "not completed in time, limits.connect-timeout-millis is "
            + context.limits().connectTimeout().toMillis());
  }

  private void renewed(Client client, EnhancedAuth auth, Authentication.Accepted accepted) {
    Principal now = accepted.principal();
    if (!now.isSameAs(client.principal())) {
      failed(
          client, ReasonCode.NOT_AUTHORIZED, "the new credential is another's: " + now.identity());
      return;
    }
    auth.over(NO_DATA);
    if (!connectHandler.renew(client, now, auth.epoch())) {
      failed(client, ReasonCode.NOT_AUTHORIZED, "no policy lets it connect any more");
      return;
    }
    if (client.phase() != Client.Phase.CONNECTED) {
      count(client, Metrics.Reauthentication.REFUSED); // for what it lost, its connection was ended
      return;
    }
    count(client, Metrics.Reauthentication.RENEWED);
    send(client, auth, ReasonCode.SUCCESS, accepted.data());
  }

  private void failed(Client client, ReasonCode reason, String cause) {
    count(client, Metrics.Reauthentication.REFUSED);
    LOG.log(
        Level.WARNING,
        "client {0} as {1} failed to re-authenticate: {2}",
        LogText.quote(client.clientId()),
        LogText.quote(client.principal().id()),
        cause);
    client.closing(Metrics.Close.NOT_AUTHORIZED);
    client.end(Session.WillFate.SEND);
    ReasonCode said =
        reason.allowedIn(PacketType.DISCONNECT) ? reason : ReasonCode.UNSPECIFIED_ERROR;
    client.connection().disconnect(said, "re-authentication failed"); // [MQTT-4.12.1-2]
  }

  private void count(Client client, Metrics.Reauthentication outcome) {
    context.metrics().reauthentications.inc(outcome, client.connection().loop().index());
  }

  private static void send(Client client, EnhancedAuth auth, ReasonCode reason, byte[] data) {
    Properties.Builder properties = Properties.builder();
    properties.put(Property.AUTHENTICATION_METHOD, auth.method());
    if (data.length > 0) {
      properties.put(Property.AUTHENTICATION_DATA, data);
    }
    client.connection().send(new Auth(reason, properties.build()));
  }

  private static byte[] data(Properties properties) {
    byte @Nullable [] data = properties.binary(Property.AUTHENTICATION_DATA);
    return data == null ? NO_DATA : data;
  }
}
