import { createRouter, createWebHistory } from 'vue-router'
import { adminRoutes } from './admin/routes'
import { setOffline } from './app/reach'
import { deskRoutes } from './desk/routes'
import { whenSessionLost } from './realtime/client'
import { useSession } from './realtime/session'

export const router = createRouter({
  history: createWebHistory('/console/'),
  routes: [
    { path: '/login', name: 'login', component: () => import('./app/LoginPage.vue'), meta: { open: true } },
    {
      path: '/', component: () => import('./app/AppShell.vue'),
      children: [
        { path: '', redirect: '/inbox/mine' },
        adminRoutes,
        ...deskRoutes,
        { path: 'inbox/:view(mine|queue|all|robot|closed)/:id?', name: 'inbox', component: () => import('./inbox/InboxPage.vue') },
      ],
    },
    { path: '/:rest(.*)*', redirect: '/inbox/mine' },
  ],
})

router.beforeEach(async (to) => {
  const session = useSession()
  let known: boolean
  try {
    known = await session.load()
    setOffline(false)
  } catch {
    // The server cannot be reached: the login page says so and tries again.
    setOffline(true)
    known = false
  }
  if (!known && !to.meta.open) return { name: 'login', query: to.fullPath === '/inbox/mine' ? {} : { to: to.fullPath } }
  if (known && to.name === 'login') return '/inbox/mine'
  return true
})

whenSessionLost(() => {
  const session = useSession()
  if (!session.session) return
  session.drop()
  void router.push({ name: 'login', query: { to: router.currentRoute.value.fullPath, ended: '1' } })
})
