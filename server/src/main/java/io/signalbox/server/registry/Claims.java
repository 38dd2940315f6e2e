package io.signalbox.server.registry;

import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.registry.RegistryException.Reason;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** Uses claim tokens up. Not on an I/O thread: a use is durable before it counts. */
public final class Claims {
  private final Registry registry;
  private final Clocks clocks;

  public Claims(Registry registry, Clocks clocks) {
    this.registry = registry;
    this.clocks = clocks;
  }

  /**
   * The template of a token that is good, but for its uses: these are asked for by {@link #use},
   * once something is to be made.
   *
   * @throws RegistryException {@link Reason#NOT_FOUND} whatever is wrong with name or secret;
   *     {@link Reason#CONFLICT} if the token ended, is switched off or not for this address
   */
  public ProvisioningTemplate template(String name, String secret, InetAddress from)
      throws RegistryException {
    ClaimToken token = required(registry.find(Kind.CLAIM_TOKEN, name), secret);
    requireGood(token, from);
    ProvisioningTemplate template = registry.find(Kind.TEMPLATE, token.template());
    if (template == null || !template.enabled()) {
      throw refused(name, "its provisioning template is not there or disabled");
    }
    return template;
  }

  /**
   * Takes one use of a token.
   *
   * @throws RegistryException as {@link #template} does, and if it is used up
   */
  public void use(String name, String secret, InetAddress from)
      throws RegistryException, InterruptedException {
    registry.put(
        Kind.CLAIM_TOKEN,
        name,
        Condition.NONE,
        existing -> {
          ClaimToken token = required(existing, secret);
          requireGood(token, from);
          if (token.uses() >= token.maxUses()) {
            throw refused(name, "it was used " + token.uses() + " times, as often as allowed");
          }
          return token.usedOnceMore();
        });
  }

  /** Gives back a use that nothing came of. */
  public void giveBack(String name, String secret) throws RegistryException, InterruptedException {
    registry.put(
        Kind.CLAIM_TOKEN,
        name,
        Condition.NONE,
        existing -> required(existing, secret).usedOnceLess());
  }

  private static ClaimToken required(@Nullable ClaimToken token, String secret)
      throws RegistryException {
    if (token == null || !token.isSecret(secret)) {
      throw new RegistryException(Reason.NOT_FOUND, "no claim token has this name and secret");
    }
    return token;
  }

  private void requireGood(ClaimToken token, InetAddress from) throws RegistryException {
    if (!token.enabled()) {
      throw refused(token.name(), "it is disabled");
    }
    if (clocks.wallMillis() >= token.expiresAtMillis()) {
      throw refused(token.name(), "it ended at " + Fields.time(token.expiresAtMillis()));
    }
    if (!token.mayBeUsedFrom(from)) {
      throw refused(token.name(), "it is not for the address " + from.getHostAddress());
    }
  }

  private static RegistryException refused(String name, String why) {
    return new RegistryException(
        Reason.CONFLICT, "the claim token \"" + name + "\" cannot be used: " + why);
  }
}
