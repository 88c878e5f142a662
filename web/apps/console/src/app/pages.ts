import type { BookTextIcon } from '@lucide/vue'
import { computed } from 'vue'
import { useRouter } from 'vue-router'
import { useSession } from '../realtime/session'
import type { ActionId } from './keys'

/** A page beside the inbox, as the rail and the menu of the phone list it. */
export interface RailPage { path: string; text: string; icon: typeof BookTextIcon; action?: ActionId; needs?: string[]; badge?: number }

const pages: (RailPage & { count?: () => number })[] = []
/** Adds a page to the rail. `count` is its badge; `needs` are permissions of which one is enough. */
export function addPage(p: RailPage & { count?: () => number }) {
  pages.push(p)
}

/** The pages that this agent may open, with their badges. */
export function usePages() {
  const router = useRouter()
  const session = useSession()
  return computed<RailPage[]>(() => pages
    .filter((p) => known(router, p.path) && (!p.needs || p.needs.some((x) => session.session?.permissions?.includes(x))))
    .map(({ count, ...p }) => ({ ...p, badge: count?.() ?? 0 })))
}

/** Whether a page of this address exists; the last route takes whatever else there is. */
export const known = (router: ReturnType<typeof useRouter>, path: string) => !router.resolve(path).matched[0]?.path.startsWith('/:rest')
