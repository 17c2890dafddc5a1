// Coming in: the token of a link is changed for a cookie, and taken out of the address.

import { alarm, call, identity, retry } from "./api.js";

/** Take the token out of the address, so that neither history nor a screenshot keeps it. */
export async function enter() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return null;
  history.replaceState(null, "", "/");
  return (await call("/api/enter", { token })).coder;
}

// A link that is opened in a tab of this page changes what stands behind the # and loads nothing.
addEventListener("hashchange", async () => {
  let coder;
  try {
    coder = await enter();
  } catch (error) {
    alarm(error.message);
    return;
  }
  if (coder === null) return;
  if (coder === identity.coder) retry();
  else location.reload();
});
