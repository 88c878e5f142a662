import type { Locale } from './lamps'

/** The flag of messages about an order; the demo company has a window for it. */
export const FLAG = 'order-detail'
type State = 'packing' | 'sent' | 'delivered'
export interface Order { id: string; lamp: string; state: State; on: string; to: string; parcel: string }

/** The orders of whoever looks at the shop. */
export const ORDERS: Order[] = [
  { id: 'A-1009', lamp: 'aurora', state: 'sent', on: '2026-11-18', to: '杭州市西湖区文三路 90 号', parcel: 'SF1029384756' },
  { id: 'A-1010', lamp: 'luna', state: 'packing', on: '2026-11-20', to: '杭州市西湖区文三路 90 号', parcel: '' },
  { id: 'A-0987', lamp: 'drop', state: 'delivered', on: '2026-10-30', to: '杭州市西湖区文三路 90 号', parcel: 'SF1029380011' },
]

type Words = { orders: string; order: string; ask: string; about: string; states: Record<State, string>; state: string; on: string; to: string; parcel: string; customer: string; none: string; button: string; send: string; article: string; status: string; help: string; said: string }
export const ORDER_WORDS: Record<Locale, Words> = {
  'zh-CN': { orders: '我的订单', order: '订单', ask: '咨询这个订单', about: '我想咨询这个订单', states: { packing: '打包中', sent: '已发货', delivered: '已签收' }, state: '状态', on: '下单日期', to: '收货地址', parcel: '运单号', customer: '客户', none: '会话中还没有订单。', button: '来自消息按钮', send: '发送物流状态', article: '发送退换说明', status: '您的订单 {id} 当前状态：{state}。', help: '退换货说明', said: '访客刚才说' },
  en: { orders: 'My orders', order: 'Order', ask: 'Ask about this order', about: 'I have a question about this order', states: { packing: 'being packed', sent: 'on its way', delivered: 'delivered' }, state: 'State', on: 'Ordered on', to: 'Goes to', parcel: 'Parcel', customer: 'Customer', none: 'The conversation is not about an order yet.', button: 'From the button of a message', send: 'Send the state', article: 'Send how to return', status: 'Your order {id} is {state}.', help: 'How to return a lamp', said: 'The visitor just said' },
  'pt-BR': { orders: 'Meus pedidos', order: 'Pedido', ask: 'Perguntar sobre este pedido', about: 'Tenho uma dúvida sobre este pedido', states: { packing: 'em separação', sent: 'a caminho', delivered: 'entregue' }, state: 'Situação', on: 'Data do pedido', to: 'Entrega em', parcel: 'Rastreio', customer: 'Cliente', none: 'A conversa ainda não é sobre um pedido.', button: 'Do botão de uma mensagem', send: 'Enviar a situação', article: 'Enviar como devolver', status: 'Seu pedido {id} está {state}.', help: 'Como devolver uma luminária', said: 'O visitante acabou de dizer' },
}
