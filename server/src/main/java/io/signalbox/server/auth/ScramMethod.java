package io.signalbox.server.auth;

import io.signalbox.server.auth.ExchangeAuthenticator.Exchange;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.metrics.Metrics.AuthFailure;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.scram.SaslPrep;
import io.signalbox.server.scram.ScramException;
import io.signalbox.server.scram.ScramServer;
import io.signalbox.server.scram.ScramVerifier;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The Authentication Method {@code SCRAM-SHA-256} (RFC 7677) against the {@link Users}: the client
 * proves that it knows the password, and the broker that it knows its verifier, without either
 * going over the wire. The server's part costs a few hashes, so it runs on the I/O thread.
 */
final class ScramMethod implements AuthenticationMethod {
  private final AuthenticatorChain chain;
  private final Users users;
  private final RandomGenerator random;

  ScramMethod(AuthenticatorChain chain, Users users, RandomGenerator random) {
    this.chain = chain;
    this.users = users;
    this.random = random;
  }

  @Override
  public String name() {
    return "SCRAM-SHA-256";
  }

  @Override
  public Exchange begin(Connect connect, Peer peer) {
    return new ScramExchange(connect, peer);
  }

  private final class ScramExchange implements Exchange {
    private final Connect connect;
    private final Peer peer;
    private final ScramServer server = new ScramServer(this::verifier, random);
    private boolean asked;

    /** From the client's first message on. */
    private @Nullable ScramVerifier verifier;

    ScramExchange(Connect connect, Peer peer) {
      this.connect = connect;
      this.peer = peer;
    }

    private ScramVerifier verifier(String name) {
      ScramVerifier found = users.verifier(name);
      verifier = found;
      return found;
    }

    @Override
    public void next(byte[] data, EventLoop loop, Consumer<Authentication> answer) {
      try {
        if (server.hasBegun()) {
          byte @Nullable [] serverFinal = server.last(data);
          chain.authenticate(
              Credentials.ofUser(proved(serverFinal), connect, peer),
              loop,
              outcome -> answer.accept(with(serverFinal, outcome)));
        } else if (data.length == 0 && !asked) {
          asked = true;
          answer.accept(new Authentication.Continue(data)); // the first message is still to come
        } else {
          answer.accept(new Authentication.Continue(server.first(data)));
        }
      } catch (ScramException e) {
        answer.accept(
            chain.refused(
                CredentialException.ofExchange(AuthFailure.EXCHANGE_MALFORMED, e.problem())));
      } catch (CredentialException e) {
        answer.accept(chain.refused(e));
      }
    }

    /** The same words for a wrong password and for a user that is not there. */
    private Principal proved(byte @Nullable [] serverFinal) throws CredentialException {
      String name = server.name();
      Principal user =
          serverFinal == null || verifier == null
              ? null
              : users.principal(name, verifier, AuthMethod.SCRAM);
      if (user == null) {
        throw CredentialException.ofExchange(
                AuthFailure.PASSWORD, "no user " + LogText.quote(name) + " with this password")
            .ofGuess();
      }
      String userName = connect.userName();
      if (userName != null && !isSame(userName, name)) {
        throw CredentialException.ofExchange(
            AuthFailure.USER_NAME_MISMATCH,
            "the user name in CONNECT, "
                + LogText.quote(userName)
                + ", is not the one that was proved, "
                + LogText.quote(name));
      }
      return user;
    }

    private static boolean isSame(String userName, String prepared) {
      try {
        return SaslPrep.prepare(userName).equals(prepared);
      } catch (ScramException _) {
        return false;
      }
    }

    private static Authentication with(byte @Nullable [] serverFinal, Authentication outcome) {
      return serverFinal != null && outcome instanceof Authentication.Accepted accepted
          ? new Authentication.Accepted(accepted.principal(), serverFinal)
          : outcome;
    }
  }
}
