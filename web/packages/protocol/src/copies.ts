/** The key of the copy that a page keeps of the whiteboard of a call. */
export const BOARD_COPY = 'parlor-board-'
/** Whether such a copy is there: the page had it open when it was left. */
export function boardKept(call: string): boolean {
  try {
    return sessionStorage.getItem(BOARD_COPY + call) !== null
  } catch {
    return false // the browser keeps nothing
  }
}

/** Forgets the whiteboards of all calls but one. */
export function forgetBoards(except = '') {
  try {
    for (const k of Object.keys(sessionStorage)) if (k.startsWith(BOARD_COPY) && k !== BOARD_COPY + except) sessionStorage.removeItem(k)
  } catch {
    // As above.
  }
}
